"""Moves finished messages: an outbox with retries and dead letters, and the channels messages leave by.

Surprising decision: a message is written complete in the transaction that caused it; delivery decides nothing about its content."""
