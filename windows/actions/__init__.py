"""Action kinds: what a step of a runbook can do, one file each in kinds/, discovered by scanning.

Surprising decision: a kind knows neither Django nor other kinds; it talks to the world through the ports on its context."""
