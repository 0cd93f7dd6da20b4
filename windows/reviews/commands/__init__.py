"""Verbs: draft, edit and publish a postmortem; note a follow-up, end it, tell who is late; sign a review off, close a window."""
