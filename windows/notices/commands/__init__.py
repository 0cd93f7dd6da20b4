"""Verbs of notices: tell those whom a window touches that it begins, and what becomes of it."""
