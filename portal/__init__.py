"""What people and programs meet: settings, pages, API root, processes. Knows everybody; nobody imports it."""
