"""Ways out of the house, one file each. A channel declares `send(message)`; it raises Undelivered (undelivered.py)."""
