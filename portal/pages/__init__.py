"""Pages that belong to no one slice: signing in, the window page that joins them all, health."""
