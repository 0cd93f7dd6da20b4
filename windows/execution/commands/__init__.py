"""Verbs of a run, one noun a file. Each is one transaction that ends with a ring at the worker's door."""
