"""Pages of approval: the inbox, asking, deciding."""
