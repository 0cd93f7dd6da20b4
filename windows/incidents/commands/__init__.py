"""Verbs: report and end incidents, take complaints in, link and unlink windows."""
