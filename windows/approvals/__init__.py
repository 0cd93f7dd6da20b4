"""Requests, policies and signatures: who must approve what, bound to a digest of what was really approved.

Surprising decision: request_window, amend_window and withdraw live here, because they lapse signatures."""
