"""Going out to addresses that somebody typed: steps of a runbook, calendars to be polled. One guard for all of them.

Surprising decision: the judgement falls on the very address that is connected to, when it is connected to, never on a name before."""
