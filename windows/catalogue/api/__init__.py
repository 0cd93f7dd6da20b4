"""The catalogue over REST: teams, people, services and their dependencies, places, tokens."""
