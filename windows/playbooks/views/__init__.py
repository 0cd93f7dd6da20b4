"""Pages that change playbooks."""
