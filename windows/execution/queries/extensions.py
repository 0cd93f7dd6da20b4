"""More time for a running window: what was asked and decided, and what would stand in its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from windows.access.roles import Actor, Verb, permitted
from windows.approvals.models import Extension
from windows.execution.models import LIVE, Run
from windows.scheduling.conflicts import ConflictFinding, Severity
from windows.scheduling.queries import WindowView, conflicts_with
from windows.scheduling.queries.candidates import candidate_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionView:
    id: int
    ends_at: datetime
    until: datetime
    reason: str
    asked_by: str
    asked_at: datetime
    state: str  # open, approved, rejected, closed
    approver: str
    answer: str
    decided_at: datetime | None
    may_decide: bool  # the viewer, now


def extensions_of(view: WindowView, viewer: Actor) -> list[ExtensionView]:
    """Of one window the viewer may see, the newest first. One statement."""
    may = permitted(viewer, Verb.EXTEND, view.subject)
    rows = Extension.objects.filter(window=view.id).select_related("asked_by", "approver").order_by("-id")[:50]
    return [
        ExtensionView(
            id=row.pk,
            ends_at=row.ends_at,
            until=row.until,
            reason=row.reason,
            asked_by=row.asked_by.name,
            asked_at=row.asked_at,
            state=row.decision or ("closed" if row.closed_at else "open"),
            approver=row.approver.name if row.approver else "",
            answer=row.answer,
            decided_at=row.decided_at,
            may_decide=may and not row.decision and row.closed_at is None and row.asked_by_id != viewer.person_id,
        )
        for row in rows
    ]


def live_run_of(window_id: int) -> int | None:
    return Run.objects.filter(window=window_id, status__in=LIVE, rehearsal="").values_list("pk", flat=True).first()


def in_the_way(run: Run, until: datetime, viewer: Actor, now: datetime) -> list[ConflictFinding]:
    """The hard conflicts that the longer time alone would bring, in the viewer's eyes."""
    candidate = candidate_of(run.window_id)
    later = replace(candidate, begins=max(candidate.begins, run.window_ends_at), ends=until)
    found = conflicts_with(later, exclude=run.window_id, viewer=viewer, now=now)
    return [one for one in found if one.severity is Severity.HARD]
