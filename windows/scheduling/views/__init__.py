"""Pages of planning: the list of windows, a new request, calling off."""
