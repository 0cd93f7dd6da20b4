"""Verbs of notices: tell those whom a window touches."""
