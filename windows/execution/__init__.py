"""Runs: the durable saga that carries a runbook out, its gates, checks and rollback.

Surprising decision: a Celery message only wakes a run; the database owns it by lease and fencing token."""
