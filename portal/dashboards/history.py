"""Windows that ran and ended: on time or not [M1], rolled back or not [M3]. One query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import CharField, Exists, F, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat

from portal.charts.windows import Week
from portal.dashboards.panels import Behind
from portal.templatetags.signs import lasting
from windows.access.roles import Actor
from windows.approvals.models import ApprovalRequest
from windows.audit.models import AuditEntry
from windows.execution.models import Run, StepRun
from windows.execution.states import RunStatus
from windows.scheduling.models import Window
from windows.scheduling.queries.listing import for_eyes_of

RAN = (RunStatus.SUCCEEDED.value, RunStatus.ROLLED_BACK.value, RunStatus.ABORTED.value)  # a blocked run never began


@dataclass(frozen=True, slots=True)
class Ended:
    """One run that ended, and the end its window was first approved for (where nobody approved: the end it set out with)."""

    run_id: int
    reference: str
    title: str
    status: str
    ended_at: datetime
    due_at: datetime
    went_back: bool  # something was undone, whatever came of it

    @property
    def is_on_time(self) -> bool:
        return self.ended_at <= self.due_at


def ended_runs(viewer: Actor, since: datetime, until: datetime) -> list[Ended]:
    """Runs that ended in [since, until), of windows for these eyes, the newest first."""
    reference = Concat(Value("MW-"), Cast(OuterRef(OuterRef("window_id")), CharField()))
    first = AuditEntry.objects.filter(window=reference, kind="window.approved").order_by("id")
    number = first.annotate(number=Cast(KeyTextTransform("request", "data"), IntegerField())).values("number")[:1]
    asked = ApprovalRequest.objects.filter(window=OuterRef("window_id"), number=Subquery(number))
    due = asked.annotate(due=KeyTextTransform("ends_at", "material")).values("due")[:1]
    undone = StepRun.objects.filter(run=OuterRef("pk"), undo_started_at__isnull=False)
    runs = Run.objects.filter(
        status__in=RAN, ended_at__gte=since, ended_at__lt=until, window__in=Window.objects.filter(for_eyes_of(viewer))
    )
    rows = runs.annotate(
        due=Subquery(due), went_back=Q(status=RunStatus.ROLLED_BACK.value) | Q(Exists(undone)), title=F("window__title")
    ).order_by("-ended_at", "-pk")
    names = ("pk", "window_id", "title", "status", "ended_at", "window_ends_at", "due", "went_back")
    return [
        Ended(pk, f"MW-{window}", title, status, ended, datetime.fromisoformat(due) if due else ends, back)
        for pk, window, title, status, ended, ends, due, back in rows.values_list(*names)
    ]


def mondays(since: datetime, until: datetime) -> list[date]:
    """The Mondays of the weeks (UTC) from one instant to the other."""
    first = since.astimezone(UTC).date()
    first -= timedelta(days=first.weekday())
    last = until.astimezone(UTC).date()
    return [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]


def by_week(runs: Sequence[Ended], since: datetime, until: datetime, met: Callable[[Ended], bool]) -> list[Week]:
    """How many of each week's runs fulfil the measure; weeks without any included."""
    counted = {monday: [0, 0] for monday in mondays(since, until)}
    for run in runs:
        (monday,) = mondays(run.ended_at, run.ended_at)
        if monday in counted:
            counted[monday][0] += met(run)
            counted[monday][1] += 1
    return [Week(monday, done, all_) for monday, (done, all_) in counted.items()]


def lateness(run: Ended) -> Behind:
    said = "on time" if run.is_on_time else f"{lasting(run.ended_at - run.due_at)} after the end first approved"
    return Behind(run.reference, run.title, run.status, run.ended_at, said, not run.is_on_time)


def going_back(run: Ended) -> Behind:
    return Behind(run.reference, run.title, run.status, run.ended_at, "rolled back" if run.went_back else "", run.went_back)
