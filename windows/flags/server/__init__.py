"""The flag server: a small ASGI program that answers from memory, without Django, and keeps answering when PostgreSQL is away.

Words: a *snapshot* is every flag at one global version, immutable; a *view* of it is what one place may know, with its own
version (the newest change that concerns the place) and the bytes ready to send. `python -m windows.flags.server PORT` starts it.
Surprising decision: with the database away a node keeps its mode: whoever cannot reach the store cannot change a flag either."""
