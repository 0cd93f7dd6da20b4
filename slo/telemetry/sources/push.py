"""Services that push their own good and total: nothing to ask, look at what came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from slo.errors import Invalid
from slo.telemetry.queries import recent
from slo.telemetry.readings import Reading


def check(query: Mapping[str, str]) -> None:
    """Invalid where a query is given: a pushed series is named by its objective."""
    if query:
        raise Invalid("query", "A pushed series has no query.")


def measure(series: str, query: Mapping[str, str], window_seconds: float, now: datetime, *, is_past: bool = False) -> Reading:
    """The SLI of the last seconds."""
    return recent(series, window_seconds, now)


def events(series: str, query: Mapping[str, str], minute: datetime) -> None:
    """Nothing to fetch: it was pushed, or will be."""
    return
