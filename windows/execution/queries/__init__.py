"""Nouns that read runs, one a file: subjects, due work, plans, views."""
