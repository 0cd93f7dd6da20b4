"""Verbs of approvals, one noun a file: requests, decisions, amendments, expiry, claims, policies, comments."""

from windows.approvals.commands.amendments import amend_window
from windows.approvals.commands.claims import claim_start
from windows.approvals.commands.decisions import decide
from windows.approvals.commands.expiry import expire_requests
from windows.approvals.commands.policies import delete_policy, save_policy
from windows.approvals.commands.requests import request_window, withdraw

__all__ = ["amend_window", "claim_start", "decide", "delete_policy", "expire_requests", "request_window", "save_policy", "withdraw"]
