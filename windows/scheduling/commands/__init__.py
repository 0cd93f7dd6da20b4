"""Verbs of scheduling, one noun a file: transitions, drafts, freezes, feeds."""
