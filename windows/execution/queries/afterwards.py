"""Noun: what is measured of a window after its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from windows.execution.afterwards import watched_until
from windows.execution.models import GateReading, Run
from windows.incidents.models import Incident
from windows.incidents.queries import opened_after


@dataclass(frozen=True, slots=True)
class Measured:
    """One SLI: the last that was measured of it since the end."""

    name: str
    verdict: str  # pass, fail or inconclusive
    value: float | None
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Afterwards:
    until: datetime
    is_over: bool
    measures: tuple[Measured, ...]
    incident: Incident | None


def afterwards(runs: Iterable[Run], now: datetime) -> Afterwards | None:
    """Of a window's runs: what is watched after the last that ended it; None where nothing is. Two queries."""
    last = next((run for run in runs if not run.rehearsal and run.ended_at is not None), None)
    until = watched_until(last.status, last.ended_at, settings.ROADWORKS.watch_after) if last else None
    if last is None or until is None:
        return None
    rows = GateReading.objects.filter(run=last, position=None, at__gt=last.ended_at).order_by("gate", "-pk").distinct("gate")
    measures = tuple(Measured(row.gate, row.verdict, row.value, row.reason, row.at) for row in rows)
    return Afterwards(until, now >= until, measures, opened_after(last.window.reference))
