"""What acts: request → approve → preflight → run → review, one slice a feature. May ask `slo`, never `portal`."""
