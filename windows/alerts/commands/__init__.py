"""Verbs of the ledger: hear alerts, tell people of them, hand over what still fires when a window ends."""
