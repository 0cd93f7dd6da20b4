"""Systems that Roadworks can be watched working on, and runbooks for them.

Nothing in the product imports from here, but `manage.py load_example`.
"""
