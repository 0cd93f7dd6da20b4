"""Ways out of the house, one file each. A channel declares `send(message)`; it raises Undelivered (undelivered.py).

One that teams can configure also declares `label`, `wants_secret`, and `checked(address, secret)`: both as they are kept, or Invalid.
`shows_incidents`: it keeps a fact open until a message with `event_action` "resolve" and the same `dedup_key` comes.
"""
