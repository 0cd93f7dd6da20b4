"""By whose authority a window runs: the request that was granted, and who signed it."""

from __future__ import annotations

from dataclasses import dataclass

from windows.approvals.models import Approval, ApprovalRequest, Decision, RequestStatus


@dataclass(frozen=True, slots=True)
class Authority:
    told: str  # a sentence
    approvers: tuple[str, ...]  # names, as they signed; empty for a change that a policy authorised beforehand


def authority_of(window_id: int) -> Authority | None:
    """None where nothing was granted. Two statements."""
    request = ApprovalRequest.objects.filter(window=window_id, status=RequestStatus.GRANTED.value).order_by("-number").first()
    if request is None:
        return None
    rows = Approval.objects.filter(request=request, decision=Decision.APPROVED.value).order_by("id")
    names = [f"{name} for {lender}" if lender else name for name, lender in rows.values_list("approver__name", "on_behalf_of__name")]
    how = "signed" if names else "authorised beforehand"
    return Authority(f"Request {request.number}, {how} under the policy “{request.policy}”, digest {request.digest[:12]}.", tuple(names))
