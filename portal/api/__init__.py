"""The machinery of the REST API: who calls, what a body may look like, what an answer looks like, and "once" for repeated POSTs.

Resources live in the slices (windows/*/api.py); they import DRF and their own slice, never this package: settings bind the two.
"""
