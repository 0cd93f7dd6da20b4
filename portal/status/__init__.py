"""The public status page: rendered ahead of time into files as text, kept in one row, served by the portal and the flag server."""
