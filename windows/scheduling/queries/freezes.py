"""Change freezes: which are in force for a scope, which a page shows, whom a new one hits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from windows.lifecycle.states import HOLDS_SLOT
from windows.scheduling.conflicts import FreezeFacts, Place, covered
from windows.scheduling.models import Freeze, Window, period
from windows.scheduling.queries.windows import ScopeView, scope_of

INSTANT = timedelta(microseconds=1)


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
        )


def view(freeze: Freeze) -> FreezeView:
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
        lifted_at=freeze.lifted_at,
        is_example=freeze.is_example,
    )


def freezes(since: datetime, until: datetime, *, lifted: bool = False) -> list[FreezeView]:
    """Every freeze that touches the period, by begin; one query. Lifted ones only on request."""
    rows = Freeze.objects.alias(period=period()).filter(period__overlap=(since, max(until, since + INSTANT)))
    return [view(row) for row in (rows if lifted else rows.filter(lifted_at=None)).order_by("starts_at", "id")]


def freezes_for(scope: int | Iterable[ScopeView], at: datetime, until: datetime | None = None) -> list[FreezeView]:
    """The freezes in force for a scope (a window's id, or its rows) at a moment, or at any time until another. Gravest first."""
    rows = scope_of(scope) if isinstance(scope, int) else tuple(scope)
    places = [Place(row.service, row.environment, row.region, row.team) for row in rows]
    found = [freeze for freeze in freezes(at, until or at + INSTANT) if covered(freeze.facts, places)]
    gravity = ("hard", "soft", "advisory")
    return sorted(found, key=lambda freeze: (gravity.index(freeze.severity), freeze.starts_at))


def windows_hit_by(freeze: FreezeView) -> list[Window]:
    """The windows that are asked for, approved or running inside the freeze and its scope, by reference."""
    alive = [status.value for status in HOLDS_SLOT]
    windows = Window.objects.alias(period=period()).filter(
        Q(status__in=alive, period__overlap=(freeze.starts_at, freeze.ends_at)) | Q(status="running", starts_at__lt=freeze.ends_at)
    )
    hit: list[Window] = []
    for window in windows.prefetch_related("scopes__service__team").order_by("id"):
        places = [Place(s.service.slug, s.environment, s.region, s.service.team.slug) for s in window.scopes.all()]
        if covered(freeze.facts, places):
            hit.append(window)
    return hit
