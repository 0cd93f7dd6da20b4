"""Announcements and the public page over REST."""
