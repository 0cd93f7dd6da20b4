"""Pages that change the library: a new runbook, a new version of one."""
