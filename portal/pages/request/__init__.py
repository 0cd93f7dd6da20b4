"""The request: one page, saved as one types, and beside it what this very draft would mean."""
