"""Emergencies that began by right: whose approval is missing, and how often that happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from windows.access.roles import Actor, Verb, permitted
from windows.approvals.emergencies import LOOKS_BACK, Owed, Tally, owed, tally
from windows.approvals.models import EmergencyApproval
from windows.scheduling.queries import scopes_of, subject_from

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyView:
    """One emergency that began without an approval."""

    window: str
    title: str
    begun_at: datetime
    begun_by: str
    due_at: datetime
    skipped: tuple[str, ...]
    state: Owed
    approver: str
    reason: str
    decided_at: datetime | None
    may_approve: bool  # the viewer, now


def emergencies(viewer: Actor, now: datetime, *, window_id: int | None = None) -> list[EmergencyView]:
    """Those that nobody has answered for, the longest overdue first; of one window, its own whatever became of it. Those the viewer may
    not see are left out. Two statements."""
    rows = EmergencyApproval.objects.select_related("window__team", "begun_by", "approver").order_by("due_at", "id")
    rows = rows.filter(decision="") if window_id is None else rows.filter(window=window_id)
    found = list(rows[:MOST])
    scopes = scopes_of([row.window_id for row in found]) if found else {}
    shown = []
    for row in found:
        subject = subject_from(row.window, scopes.get(row.window_id, ()))
        if not permitted(viewer, Verb.READ, subject):
            continue
        state = owed(row.due_at, row.decision, row.decided_at, now)
        shown.append(
            EmergencyView(
                window=row.window.reference,
                title=row.window.title,
                begun_at=row.begun_at,
                begun_by=row.begun_by.name if row.begun_by else "",
                due_at=row.due_at,
                skipped=tuple(row.skipped),
                state=state,
                approver=row.approver.name if row.approver else "",
                reason=row.reason,
                decided_at=row.decided_at,
                may_approve=not row.decision and viewer.person_id not in not_by(row) and permitted(viewer, Verb.APPROVE_EMERGENCY, subject),
            )
        )
    return shown


def not_by(row: EmergencyApproval) -> frozenset[int]:
    """Who may not answer for it: who began, filed or last changed it."""
    window = row.window
    return frozenset(pk for pk in (row.begun_by_id, window.created_by_id, window.edited_by_id) if pk is not None)


def emergency_tally(now: datetime) -> Tally:
    """Of the last 90 days, and of whatever is still open. One statement."""
    rows = EmergencyApproval.objects.filter(Q(begun_at__gt=now - LOOKS_BACK) | Q(decision=""))
    return tally(owed(*row, now) for row in rows.values_list("due_at", "decision", "decided_at"))
