"""The window page: its header with the one next action, and its parts, each at an address of its own and read only when it is opened."""
