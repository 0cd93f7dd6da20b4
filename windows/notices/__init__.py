"""Notices: those whom a window touches hear of it before it begins, so that nobody is surprised (X6).

Surprising decision: what was told is no table of its own. The trail says that a notice was sent for which start, the outbox what became of
each message.
"""
