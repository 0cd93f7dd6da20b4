"""Who broke the glass, when, why and how often, in windows for these eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from windows.access.roles import Actor
from windows.execution.models import BreakGlass
from windows.reviews.models import SignOff
from windows.scheduling.models import Window
from windows.scheduling.queries.listing import for_eyes_of

SHOWN = 50
SPAN = timedelta(days=91)


@dataclass(frozen=True, slots=True)
class Broken:
    """`because`: what was lacking then. `times`: how often this team broke the glass in the same time."""

    id: int
    window: str
    title: str
    team: str
    team_name: str
    person: str
    runbook: str
    version: int
    reason: str
    because: str
    at: datetime
    is_reviewed: bool
    times: int


@dataclass(frozen=True, slots=True)
class OfTeam:
    team: str
    name: str
    times: int
    people: int
    open: int


def broken_glass(
    viewer: Actor, since: datetime, until: datetime, *, team: str = "", before: int | None = None,
    limit: int = SHOWN,
) -> list[Broken]:  # fmt: skip
    """In [since, until), of one team (slug) where given, below the id `before`, the newest first. Two queries."""
    wanted = Q(window__team__slug=team) if team else Q()
    wanted &= Q() if before is None else Q(pk__lt=before)
    found = list(seen(viewer, since, until).filter(wanted).order_by("-pk")[:limit])
    counts = {one.team: one.times for one in glass_by_team(viewer, since, until)} if found else {}
    return told(found, counts)


def glass_of(viewer: Actor, window_id: int, now: datetime) -> list[Broken]:
    """Of one window, however long ago; `times` counts the team's in the last SPAN. Two queries."""
    found = list(seen(viewer).filter(window=window_id).order_by("-pk"))
    counts = {one.team: one.times for one in glass_by_team(viewer, now - SPAN, now)} if found else {}
    return told(found, counts)


def told(found: Sequence[Any], counts: Mapping[str, int]) -> list[Broken]:
    return [
        Broken(
            row.pk, row.window.reference, row.window.title, row.window.team.slug, row.window.team.name, row.person.name,
            row.runbook_version.runbook.slug, row.runbook_version.number, row.reason, row.because, row.at,
            row.is_reviewed, counts.get(row.window.team.slug, 0),
        )
        for row in found
    ]  # fmt: skip


def glass_by_team(viewer: Actor, since: datetime, until: datetime) -> list[OfTeam]:
    """Teams that broke it in this time, the most often first; `open` are not reviewed yet. One query."""
    counted = (
        seen(viewer, since, until)
        .order_by()
        .values("window__team__slug", "window__team__name")
        .annotate(times=Count("pk"), people=Count("person", distinct=True), open=Count("pk", filter=Q(is_reviewed=False)))
    )
    names = ("window__team__slug", "window__team__name", "times", "people", "open")
    return [OfTeam(*row) for row in counted.order_by("-times", "window__team__slug").values_list(*names)]


def seen(viewer: Actor, since: datetime | None = None, until: datetime | None = None) -> QuerySet[Any]:
    rows = BreakGlass.objects.filter(window__in=Window.objects.filter(for_eyes_of(viewer)))
    if since is not None and until is not None:
        rows = rows.filter(at__gte=since, at__lt=until)
    rows = rows.select_related("window__team", "person", "runbook_version__runbook").defer("window__vevent")
    return rows.annotate(is_reviewed=reviewed())


def reviewed() -> Exists:
    key = Concat(Value("glass-"), Cast(OuterRef("pk"), CharField()))
    return Exists(SignOff.objects.filter(window=OuterRef("window_id"), task=key))
