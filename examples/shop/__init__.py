"""A small web shop that really runs: three replicas on one database, a bounded load, and people who look after it.

Its processes (replica.py, load.py) know nothing of Django: they are what a user's own services would be. `data/` is what
`manage.py load_example` puts into Roadworks about them.
"""
