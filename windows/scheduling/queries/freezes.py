"""Change freezes: which are in force for a scope, which a page shows, whom a new one hits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from windows.audit.clock import clock
from windows.lifecycle.states import HOLDS_SLOT
from windows.scheduling.conflicts import OVERRUN, FreezeFacts, Place, covered
from windows.scheduling.models import Freeze, FreezeException, Window, period
from windows.scheduling.queries.windows import ScopeView, scope_of

INSTANT = timedelta(microseconds=1)
TOUCHING = """select * from scheduling_freeze where tstzrange(starts_at, ends_at) && tstzrange(%s::timestamptz, %s::timestamptz)
    {standing} order by starts_at, id"""  # worded once: every question about conflicts asks it
STANDING, EVERY = TOUCHING.format(standing="and lifted_at is null"), TOUCHING.format(standing="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionView:
    """Whom a freeze does not bind: a window by its id (nobody learns a confidential one's title), or a team."""

    id: int
    window: str
    team: str
    reason: str
    made_by: str
    made_at: datetime
    is_secret: bool  # of a confidential window: not for every eye


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeView:
    """A freeze as surfaces show it; empty tuples mean any. `on_running` is what a run under way does when it begins."""

    id: int
    title: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    severity: str
    on_running: str
    services: tuple[str, ...]
    teams: tuple[str, ...]
    environments: tuple[str, ...]
    tiers: tuple[int, ...]
    series: int | None
    exceptions: tuple[ExceptionView, ...]
    lifted_at: datetime | None
    is_example: bool

    @property
    def facts(self) -> FreezeFacts:
        return FreezeFacts(
            id=self.id,
            title=self.title,
            begins=self.starts_at,
            ends=self.ends_at,
            severity=self.severity,
            services=frozenset(self.services),
            teams=frozenset(self.teams),
            environments=frozenset(self.environments),
            tiers=frozenset(self.tiers),
            excepted_windows=frozenset(one.window for one in self.exceptions if one.window),
            excepted_teams=frozenset(one.team for one in self.exceptions if one.team),
        )


def view(freeze: Freeze, exceptions: Iterable[ExceptionView] = ()) -> FreezeView:
    return FreezeView(
        id=freeze.pk,
        title=freeze.title,
        reason=freeze.reason,
        starts_at=freeze.starts_at,
        ends_at=freeze.ends_at,
        severity=freeze.severity,
        on_running=freeze.on_running,
        services=tuple(freeze.services),
        teams=tuple(freeze.teams),
        environments=tuple(freeze.environments),
        tiers=tuple(freeze.tiers),
        series=freeze.series_id,
        exceptions=tuple(exceptions),
        lifted_at=freeze.lifted_at,
        is_example=freeze.is_example,
    )


def freezes(since: datetime, until: datetime, *, lifted: bool = False) -> list[FreezeView]:
    """Every freeze that touches the period, by begin; two queries. Lifted ones only on request."""
    return views(list(Freeze.objects.raw(EVERY if lifted else STANDING, [since, max(until, since + INSTANT)])))


def views(found: list[Freeze]) -> list[FreezeView]:
    """These freezes with their exceptions."""
    if not found:
        return []
    of_freeze: dict[int | None, list[ExceptionView]] = {}
    of_series: dict[int | None, list[ExceptionView]] = {}
    ids, series = [row.pk for row in found], {row.series_id for row in found if row.series_id}
    rows = FreezeException.objects.filter(Q(freeze__in=ids) | Q(series__in=series)).select_related("made_by", "window").order_by("id")
    for row in rows:
        one = ExceptionView(
            id=row.pk,
            window=f"MW-{row.window_id}" if row.window_id else "",
            team=row.team,
            reason=row.reason,
            made_by=row.made_by.name,
            made_at=row.made_at,
            is_secret=bool(row.window and row.window.confidential),
        )
        (of_freeze if row.freeze_id else of_series).setdefault(row.freeze_id or row.series_id, []).append(one)
    return [view(row, [*of_freeze.get(row.pk, []), *(of_series.get(row.series_id, []) if row.series_id else [])]) for row in found]


def freezes_for(scope: int | Iterable[ScopeView], at: datetime, until: datetime | None = None) -> list[FreezeView]:
    """The freezes in force for a scope (a window's id, or its rows) at a moment, or at any time until another. Gravest first."""
    rows = scope_of(scope) if isinstance(scope, int) else tuple(scope)
    window = f"MW-{scope}" if isinstance(scope, int) else ""
    places = [Place(row.service, row.environment, row.region, row.team, row.tier) for row in rows]
    found = [freeze for freeze in freezes(at, until or at + INSTANT) if binds(freeze.facts, window, places)]
    gravity = ("hard", "soft", "advisory")
    return sorted(found, key=lambda freeze: (gravity.index(freeze.severity), freeze.starts_at))


def binds(freeze: FreezeFacts, window: str, places: Iterable[Place]) -> bool:
    return window not in freeze.excepted_windows and bool(covered(freeze, places))


def windows_hit_by(freezes: list[FreezeView]) -> list[Window]:
    """The windows that are asked for, approved or running inside one of these freezes and its scope, by reference. What runs
    has not ended, whatever was planned: it is taken to last a while longer. Four queries."""
    alive = [status.value for status in HOLDS_SLOT]
    now = clock()
    since, until = min(freeze.starts_at for freeze in freezes), max(freeze.ends_at for freeze in freezes)
    windows = Window.objects.alias(period=period()).filter(
        Q(status__in=alive, period__overlap=(since, until)) | Q(status="running", starts_at__lt=until)
    )
    return [
        window
        for window in windows.prefetch_related("scopes__service__team").order_by("id")
        if any(hits(freeze, window, now) for freeze in freezes)
    ]


def hits(freeze: FreezeView, window: Window, now: datetime | None = None) -> bool:
    """Whether the window lies in the freeze and its scope. With `now`, what is running has not ended yet, whatever was planned."""
    ends = max(window.ends_at, now + OVERRUN) if now is not None and window.status == "running" else window.ends_at
    meets = window.starts_at < freeze.ends_at and freeze.starts_at < ends
    places = [Place(s.service.slug, s.environment, s.region, s.service.team.slug, s.service.tier) for s in window.scopes.all()]
    return meets and binds(freeze.facts, window.reference, places)
