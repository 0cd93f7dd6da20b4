"""Verbs: keep what was sent, keep what a run of ours did, count what was measured."""
