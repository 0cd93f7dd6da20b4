"""Notices: those whom a window touches hear of it when it is planned, approved, moved or called off, a day before it begins, and when it
begins, overruns and ends, so that nobody is surprised (X6).

Surprising decision: what was told is no table of its own. The trail says that a notice was sent of which fact, the outbox what became of
each message.
"""
