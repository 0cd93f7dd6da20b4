"""Verbs: open a window's live rows, move their step, close them. Called inside the transaction of the run's own transition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from windows.live.models import LiveScope


@dataclass(frozen=True, slots=True)
class Place:
    service: str
    environment: str
    region: str
    layer: str


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """What every live row of one window has in common."""

    window: str  # MW-1042
    run_id: int
    title: str
    mode: str
    owner: str
    since: datetime
    until: datetime
    coordinator: str = ""
    coordinator_email: str = ""
    team: str = ""
    runbook: str = ""
    confidential: bool = False
    expected_alerts: list[Any] = field(default_factory=list)


def open_scopes(window: OpenWindow, places: Iterable[Place]) -> int:
    """One row a place; answers how many. Opening an open window again (a new run of it) replaces its rows."""
    close_scopes(window.window)
    return len(LiveScope.objects.bulk_create(LiveScope(**asdict(window), **asdict(place)) for place in places))


def set_step(window: str, step: str) -> int:
    """The step under way, by its name; "" between steps. Answers how many rows say so now."""
    return LiveScope.objects.filter(window=window).update(step=step[:120])


def set_until(window: str, until: datetime) -> int:
    """It was given more time. Answers how many rows say so now."""
    return LiveScope.objects.filter(window=window).update(until=until)


def close_scopes(window: str) -> int:
    """The window is over. Answers how many rows went."""
    return LiveScope.objects.filter(window=window).delete()[0]
