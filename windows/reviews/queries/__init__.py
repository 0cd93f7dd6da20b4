"""Nouns that read: runs that ended, and what each counts for the measures."""
