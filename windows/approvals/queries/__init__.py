"""Nouns of approvals that are read, one a file: material fields, standing, requests, policies."""

from windows.approvals.queries.material import material_of
from windows.approvals.queries.requests import ApprovalView, SignatureView, approval_view, awaiting
from windows.approvals.queries.standing import Standing, standing, standings
from windows.approvals.queries.waiting import waiting_count

__all__ = [
    "ApprovalView",
    "SignatureView",
    "Standing",
    "approval_view",
    "awaiting",
    "material_of",
    "standing",
    "standings",
    "waiting_count",
]
