"""The real ports: how a step's action reaches HTTP targets, databases, programs, flags, telemetry and people.

Surprising decision: each port obeys one deadline and one stop signal over the whole exchange, not per read."""
