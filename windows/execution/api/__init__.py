"""Runs over REST: reading them, and every verb a person has over one."""
