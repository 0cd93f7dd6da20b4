"""The telemetry port: the measuring engine's readings. Never raises: what went wrong stands in the reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import InterfaceError, OperationalError

from slo.objectives import queries
from slo.telemetry.readings import Reading as Measured
from slo.telemetry.sources import prometheus
from windows.actions.gates import Reading
from windows.audit.clock import clock
from windows.outbound.limits import Limits


def as_reading(found: Measured) -> Reading:
    return Reading(found.value, found.samples, found.newest_at, found.error, found.reason)


class Telemetry:
    """`prometheus_url` and `timeout` (seconds, of one question) come from the settings."""

    def __init__(self, limits: Limits, prometheus_url: str, timeout: float) -> None:
        self.limits, self.prometheus_url, self.timeout = limits, prometheus_url, timeout

    def objective(self, slug: str, *, window: float, at: datetime | None = None) -> Reading:
        self.limits.check(f"Measuring {slug}")
        return kept(lambda now: queries.reading(slug, window, at or now, is_past=at is not None))

    def prometheus(self, query: str, *, at: datetime | None = None) -> Reading:
        self.limits.check("The query")
        limit = min(self.timeout, max(0.1, self.limits.left))
        return as_reading(prometheus.instant(query, url=self.prometheus_url, timeout=limit, at=at))

    def burn_rate(self, slug: str, lengths: Sequence[float]) -> Reading:
        self.limits.check(f"Measuring how fast the budget of {slug} goes")
        return kept(lambda now: queries.burning(slug, lengths, now))


def kept(ask: Callable[[datetime], Measured]) -> Reading:
    """What our own measurements say at the database's now."""
    try:
        return as_reading(ask(clock()))
    except (OperationalError, InterfaceError) as error:
        return Reading(None, error=f"the measurements cannot be read: {str(error).splitlines()[0]}")
