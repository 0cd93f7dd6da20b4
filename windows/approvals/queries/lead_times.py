"""How long approvals took lately."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from windows.approvals.lead_times import LOOKS_BACK, LeadTime, by_team
from windows.approvals.models import Approval, ApprovalRequest, RequestStatus

MOST = 20_000


def lead_times(now: datetime) -> list[LeadTime]:
    """Of the requests that people signed and that were granted in the last 90 days, by team. One statement."""
    rows = ApprovalRequest.objects.filter(status=RequestStatus.GRANTED.value, decided_at__gt=now - LOOKS_BACK)
    rows = rows.filter(Exists(Approval.objects.filter(request=OuterRef("pk")))).order_by("-decided_at")
    return by_team(rows.values_list("window__team__slug", "window__team__name", "requested_at", "decided_at")[:MOST])
