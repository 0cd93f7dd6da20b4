"""Pages of the flags: where one is set, who holds it, setting and clearing by hand, the nodes."""
