"""Playbooks over REST."""
