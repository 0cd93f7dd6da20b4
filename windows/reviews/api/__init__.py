"""Measures, postmortems and follow-ups over REST."""
