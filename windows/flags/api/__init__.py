"""Flags over REST, for people and their tools. What nodes read and post is the flag server's (windows/flags/server)."""
