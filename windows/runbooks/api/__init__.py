"""Runbooks over REST: upload, read, check without keeping."""
