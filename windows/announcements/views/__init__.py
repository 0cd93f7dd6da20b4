"""Announcements and the public page, for those who write them."""
