"""Tables of approval, one noun a file."""

from windows.approvals.models.emergencies import EmergencyApproval
from windows.approvals.models.extensions import Extension
from windows.approvals.models.requests import (
    Approval,
    ApprovalRequest,
    Comment,
    Decision,
    Delegation,
    Kind,
    Policy,
    Reminder,
    RequestStatus,
    SigningLink,
)

__all__ = [
    "Approval",
    "ApprovalRequest",
    "Comment",
    "Decision",
    "Delegation",
    "EmergencyApproval",
    "Extension",
    "Kind",
    "Policy",
    "Reminder",
    "RequestStatus",
    "SigningLink",
]
