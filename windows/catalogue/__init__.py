"""Teams, people and their roles, services, dependencies, environments, regions, API tokens; guarded commands for objectives.

Surprising decision: the person who signs in is the catalogue's Person (AUTH_USER_MODEL)."""
