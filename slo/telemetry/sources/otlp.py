"""Services that send their metrics by OTLP: an objective says which counters are its good, bad and total (selectors.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from slo.errors import Invalid
from slo.telemetry.queries import recent
from slo.telemetry.readings import Reading
from slo.telemetry.selectors import selector

SHAPES = ({"good", "total"}, {"bad", "total"})


def check(query: Mapping[str, str]) -> None:
    """Invalid unless `query` selects the counters of total and of good or bad."""
    if set(query) not in SHAPES or not all(isinstance(text, str) and len(text) <= 4000 for text in query.values()):
        raise Invalid("query", "Name the counter of “total” and that of “good” or “bad”, of at most 4000 characters each.")
    for text in query.values():
        selector(text)


def measure(series: str, query: Mapping[str, str], window_seconds: float, now: datetime, *, is_past: bool = False) -> Reading:
    """The SLI of the last seconds, from what came."""
    return recent(series, window_seconds, now)


def events(series: str, query: Mapping[str, str], minute: datetime) -> None:
    """Nothing to fetch: it was sent, or will be."""
    return
