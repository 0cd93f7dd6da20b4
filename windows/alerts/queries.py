"""Nouns: the windows that alerts can fall into, and the ledger, a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Q, When

from windows.alerts.expected import from_plain
from windows.alerts.models import Alert, AlertFact, PastWindow
from windows.alerts.routing import Open, Scope
from windows.alerts.states import Action
from windows.live.models import LiveScope
from windows.live.queries import live_scopes

REMEMBERED = timedelta(days=1)  # how long after its end a window still claims what began inside it


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the ledger; empty ones narrow nothing."""

    window: str = ""
    service: str = ""
    action: str = ""
    state: str = ""  # firing, resolved
    why: str = ""  # expected, withheld, handed_over, outside
    name: str = ""
    hidden: Collection[str] = field(default_factory=frozenset)  # references of windows the reader may not know of


def open_windows() -> tuple[list[Open], dict[str, LiveScope]]:
    """What is open now, and one live row of each for its names."""
    by_name: dict[str, list[LiveScope]] = {}
    for row in live_scopes():
        by_name.setdefault(row.window, []).append(row)
    found = [
        Open(name, rows[0].since, tuple(Scope(row.service, row.environment, row.region) for row in rows), step=rows[0].step,
             expected=from_plain(rows[0].expected_alerts),
             confidential=rows[0].confidential)
        for name, rows in by_name.items()
    ]  # fmt: skip
    return found, {name: rows[0] for name, rows in by_name.items()}


def past_windows(now: datetime) -> list[Open]:
    rows = PastWindow.objects.filter(ended_at__gt=now - REMEMBERED)
    return [
        Open(row.window, row.since, tuple(Scope(*scope) for scope in row.scopes), until=row.ended_at, confidential=row.confidential)
        for row in rows
    ]


def ledger(wanted: Wanted, *, before: int | None = None, limit: int = 50) -> list[Alert]:
    """The newest first. A constant number of queries: one."""
    rows = Alert.objects.exclude(window__in=wanted.hidden) if wanted.hidden else Alert.objects.all()
    if before is not None:
        rows = rows.filter(pk__lt=before)
    given = {"window": wanted.window, "service": wanted.service, "action": wanted.action}
    rows = rows.filter(**{name: value for name, value in given.items() if value})
    if wanted.name:
        rows = rows.filter(name__icontains=wanted.name)
    if wanted.state in STATES:
        rows = rows.filter(STATES[wanted.state])
    if wanted.why in WHYS:
        rows = rows.filter(WHYS[wanted.why])
    return list(rows.order_by("-pk")[:limit])


STATES: Mapping[str, Q] = {"firing": Q(ends_at__isnull=True), "resolved": Q(ends_at__isnull=False)}
WHYS: Mapping[str, Q] = {
    "expected": Q(is_expected=True),
    "withheld": ~Q(withheld=""),
    "handed_over": Q(handed_over_at__isnull=False),
    "not_paged": ~Q(action=Action.PAGE.value),
    "outside": Q(window=""),
}


def facts_of(alerts: Collection[int]) -> dict[int, list[AlertFact]]:
    """What was said of each of these, the oldest first; one query."""
    found: dict[int, list[AlertFact]] = {}
    for fact in AlertFact.objects.filter(alert__in=alerts).order_by("pk") if alerts else ():
        found.setdefault(fact.alert_id, []).append(fact)
    return found


@dataclass(frozen=True, slots=True)
class Tally:
    """The alerts of one window, counted."""

    all: int
    firing: int
    paged: int
    expected: int
    withheld: int


def tally(window: str) -> Tally:
    counted: dict[str, Any] = Alert.objects.filter(window=window).aggregate(
        all=Count("pk"),
        firing=Count("pk", filter=Q(ends_at__isnull=True)),
        paged=Count("pk", filter=Q(action=Action.PAGE.value)),
        expected=Count("pk", filter=Q(is_expected=True)),
        withheld=Count("pk", filter=~Q(withheld="")),
    )
    return Tally(**counted)


def firing(windows: Collection[str] = (), *, hidden: Collection[str] = (), limit: int = 20) -> list[Alert]:
    """What fires now, of these windows or of all; what paged comes first."""
    rows = Alert.objects.filter(ends_at__isnull=True).exclude(window__in=hidden)
    rows = rows.filter(window__in=windows) if windows else rows
    return list(
        rows.order_by(Case(When(action=Action.PAGE.value, then=0), When(action=Action.TICKET.value, then=1), default=2), "-pk")[:limit]
    )
