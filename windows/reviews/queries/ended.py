"""Runs that ended, with the end they were first approved for. One query."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Exists, F, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat

from windows.access.roles import Actor
from windows.approvals.models import ApprovalRequest
from windows.audit.models import AuditEntry
from windows.execution.models import Run, StepRun
from windows.execution.states import RunStatus
from windows.reviews.measures import Ended
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries.listing import for_eyes_of

RAN = (RunStatus.SUCCEEDED.value, RunStatus.ROLLED_BACK.value, RunStatus.ABORTED.value)  # a blocked run never began
MOST = 5000  # runs of one answer: the newest


def ended_runs(
    viewer: Actor, since: datetime, until: datetime, *, team: str = "", service: str = "", window_id: int | None = None
) -> list[Ended]:
    """Runs that ended in [since, until), of windows for these eyes, of one team, on one service (slugs) or of one window where given;
    the newest first."""
    windows = Window.objects.filter(for_eyes_of(viewer))
    if window_id is not None:
        windows = windows.filter(pk=window_id)
    if team:
        windows = windows.filter(team__slug=team)
    if service:
        windows = windows.filter(Exists(WindowScope.objects.filter(window=OuterRef("pk"), service__slug=service)))
    reference = Concat(Value("MW-"), Cast(OuterRef(OuterRef("window_id")), CharField()))
    first = AuditEntry.objects.filter(window=reference, kind="window.approved").order_by("id")
    number = first.annotate(number=Cast(KeyTextTransform("request", "data"), IntegerField())).values("number")[:1]
    asked = ApprovalRequest.objects.filter(window=OuterRef("window_id"), number=Subquery(number))
    first_asked = asked.annotate(begin=KeyTextTransform("starts_at", "material"), end=KeyTextTransform("ends_at", "material"))
    undone = StepRun.objects.filter(run=OuterRef("pk"), undo_started_at__isnull=False)
    rows = Run.objects.filter(rehearsal="", status__in=RAN, ended_at__gte=since, ended_at__lt=until, window__in=windows).annotate(
        begin=Subquery(first_asked.values("begin")[:1]),
        due=Subquery(first_asked.values("end")[:1]),
        went_back=Q(status=RunStatus.ROLLED_BACK.value) | Q(Exists(undone)),
        title=F("window__title"),
        planned=F("window__starts_at"),
        expected=F("window__expected_users"),
        team=F("window__team__slug"),
    )
    names = ("pk", "window_id", "title", "status", "created_at", "started_at", "ended_at", "window__ends_at", "begin", "due", "planned",
             "went_back", "expected", "team", "runbook_version_id")  # fmt: skip
    return [ended(row) for row in rows.order_by("-ended_at", "-pk").values_list(*names)[:MOST]]


def ended(row: tuple[Any, ...]) -> Ended:
    pk, window, title, status, made, began, over, ends, begin, due, starts, back, expected, of_team, version = row
    due_at = datetime.fromisoformat(due) if due else ends
    planned = due_at - (datetime.fromisoformat(begin) if begin else starts)
    return Ended(
        run_id=pk,
        reference=f"MW-{window}",
        title=title,
        status=status,
        started_at=began or made,
        ended_at=over,
        due_at=due_at,
        planned=max(planned, timedelta()),
        team=of_team,
        is_manual=version is None,
        went_back=back,
        expected_users=expected,
    )
