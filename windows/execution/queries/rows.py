"""Runs as rows, for lists: for these eyes only, the newest first, a page at a time. One query."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q

from windows.access.roles import Actor
from windows.execution.models import Run
from windows.execution.queries.views import DONE
from windows.execution.states import Phase, RunStatus
from windows.scheduling.models import Window
from windows.scheduling.queries.listing import for_eyes_of

FIELDS = (
    "id",
    "number",
    "status",
    "rehearsal",
    "reason",
    "started_by",
    "created_at",
    "started_at",
    "ended_at",
    "turn_back_at",
    "window_ends_at",
)


def run_rows(
    viewer: Actor,
    *,
    limit: int,
    before: int | None = None,
    window: int | None = None,
    statuses: Collection[str] = (),
    rehearsals: bool | None = None,
    last_tries: bool = False,
) -> list[dict[str, Any]]:
    """Up to `limit` + 1 rows below the id `before`: a run, its window by reference and title, and how many of its steps are done.
    `rehearsals`: only those, or none of them; None: both. `last_tries` leaves out a start that was blocked and tried again."""
    rows = Run.objects.filter(window__in=Window.objects.filter(for_eyes_of(viewer)))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if window is not None:
        rows = rows.filter(window=window)
    if statuses:
        rows = rows.filter(status__in=statuses)
    if rehearsals is not None:
        rows = rows.exclude(rehearsal="") if rehearsals else rows.filter(rehearsal="")
    if last_tries:
        again = Run.objects.filter(window=OuterRef("window"), rehearsal="", number__gt=OuterRef("number"))
        rows = rows.exclude(Q(status=RunStatus.BLOCKED.value, rehearsal="") & Exists(again))
    planned = ~Q(steps__phase=Phase.PROOF.value)
    done = planned & Q(steps__status__in=[status.value for status in DONE])
    counted = rows.annotate(done=Count("steps", filter=done), total=Count("steps", filter=planned))
    chosen = counted.order_by("-id").values(*FIELDS, "done", "total", window_number=F("window_id"), title=F("window__title"))[: limit + 1]
    return [{"window": f"MW-{row['window_number']}", **row} for row in chosen]
