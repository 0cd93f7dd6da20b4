"""The calendar: one query layer that pages, the API, feeds and panels only translate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from windows.access.paging import known_only
from windows.access.roles import Actor
from windows.errors import Invalid
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.scheduling.models import LONGEST_RESERVATION, Window, WindowScope, period
from windows.scheduling.queries.listing import about, for_eyes_of

LONGEST_VIEW = timedelta(days=400)
MOST = 2000
COLUMNS = (
    "id", "title", "status", "mode", "change_type", "starts_at", "ends_at", "timezone", "confidential", "is_example",
    "version", "sequence", "updated_at", "started_at", "ended_at", "coordinator_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFilter:
    """What is looked at: windows that overlap [since, until). None means any; `status` any of several.

    `after` is the cursor of the last entry already seen; `limit` at most 2,000.
    """

    since: datetime
    until: datetime
    team: str | None = None
    service: str | None = None
    environment: str | None = None
    status: tuple[str, ...] = ()
    change_type: tuple[str, ...] = ()
    text: str = ""
    after: tuple[datetime, int] | None = None
    limit: int = 500


@dataclass(frozen=True, slots=True)
class CalendarPlace:
    service: str
    service_name: str
    environment: str
    region: str
    layer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """One window as a calendar shows it; times are UTC, `timezone` is the window's own."""

    id: int
    title: str
    status: str
    mode: str
    change_type: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    confidential: bool
    is_example: bool
    version: int
    sequence: int
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    team: str
    team_name: str
    owner: str
    coordinator: str
    coordinator_id: int
    places: tuple[CalendarPlace, ...]

    @property
    def reference(self) -> str:
        return f"MW-{self.id}"

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place.service for place in self.places))

    @property
    def cursor(self) -> tuple[datetime, int]:
        """To be given as `after` for what comes next."""
        return self.starts_at, self.id


def calendar(wanted: CalendarFilter, viewer: Actor) -> list[CalendarEntry]:
    """What this viewer may see of a period, by begin; one query, whatever is stored. Invalid names a filter that cannot be."""
    check(wanted)
    places = JSONObject(service="service__slug", service_name="service__name", environment="environment", region="region", layer="layer")
    scope = WindowScope.objects.filter(window=OuterRef("pk")).order_by("service__slug", "environment", "region", "layer")
    rows = chosen(wanted, viewer).annotate(
        places=ArraySubquery(scope.annotate(place=places).values("place")),
        team_slug=F("team__slug"),
        team_called=F("team__name"),
        owner_name=F("owner__name"),
        coordinator_name=F("coordinator__name"),
    )
    names = (*COLUMNS, "places", "team_slug", "team_called", "owner_name", "coordinator_name")
    return [entry(row) for row in rows.order_by("starts_at", "id").values(*names)[: wanted.limit]]


def check(wanted: CalendarFilter) -> None:
    if wanted.until <= wanted.since:
        raise Invalid("The end must come after the start.", field="until")
    if wanted.until - wanted.since > LONGEST_VIEW:
        raise Invalid("Look at 400 days at most at a time.", field="until")
    if not 1 <= wanted.limit <= MOST:
        raise Invalid(f"A page has 1 to {MOST} entries.", field="limit")
    known_only(wanted.status, WindowStatus, "status")
    known_only(wanted.change_type, ChangeType, "change_type")


def near(wanted: CalendarFilter, of: str = "") -> dict[str, datetime]:
    """When what touches the period may begin. No window is longer than a week, and without this bound a scan by begin walks through all
    that ever was."""
    return {f"{of}starts_at__gt": wanted.since - LONGEST_RESERVATION, f"{of}starts_at__lt": wanted.until}


def chosen(wanted: CalendarFilter, viewer: Actor) -> QuerySet[Window, Any]:
    rows = Window.objects.alias(period=period()).filter(for_eyes_of(viewer), period__overlap=(wanted.since, wanted.until), **near(wanted))
    if wanted.team is not None:
        rows = rows.filter(team__slug=wanted.team)
    touched = WindowScope.objects.filter(window=OuterRef("pk"))
    if wanted.service is not None:
        rows = rows.filter(Exists(touched.filter(service__slug=wanted.service)))
    if wanted.environment is not None:
        rows = rows.filter(Exists(touched.filter(environment=wanted.environment)))
    if wanted.status:
        rows = rows.filter(status__in=wanted.status)
    if wanted.change_type:
        rows = rows.filter(change_type__in=wanted.change_type)
    if wanted.text.strip():
        rows = rows.filter(about(wanted.text))
    if wanted.after is not None:
        begun, last = wanted.after
        rows = rows.filter(Q(starts_at__gt=begun) | Q(starts_at=begun, id__gt=last))
    return rows


def entry(row: dict[str, Any]) -> CalendarEntry:
    told = {name: row[name] for name in COLUMNS}
    return CalendarEntry(
        **told,
        team=row["team_slug"],
        team_name=row["team_called"],
        owner=row["owner_name"],
        coordinator=row["coordinator_name"],
        places=tuple(CalendarPlace(**place) for place in row["places"]),
    )
