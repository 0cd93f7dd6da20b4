"""Verbs: put a service on the public page, announce a window, say more, withdraw; and follow what the windows do."""
