"""Reviews as pages."""
