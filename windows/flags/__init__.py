"""The maintenance flag: which mode every node of a service is in, versioned, leased, acknowledged by receipts.

Surprising decision: the flag server (server.py) reads PostgreSQL itself and answers from memory, without Django."""
