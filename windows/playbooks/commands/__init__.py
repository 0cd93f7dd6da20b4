"""Verbs: keep a version of a playbook."""
