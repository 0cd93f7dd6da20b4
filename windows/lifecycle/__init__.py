"""The window's own state machine, shared by every slice."""
