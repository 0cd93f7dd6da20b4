"""Verbs on the catalogue, one noun a file. Each asks the role table, writes and tells the trail in one transaction."""
