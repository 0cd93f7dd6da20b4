"""Services that tell Prometheus's text at an address: we read it ourselves, for those who have no Prometheus. Each text of a query is an
address and a counter there (selectors.py): `http://shop:8080/metrics shop_requests_total{code!="5*"}`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from slo.errors import Invalid
from slo.telemetry.queries import recent
from slo.telemetry.readings import Reading
from slo.telemetry.selectors import Selector, selector

SHAPES = ({"good", "total"}, {"bad", "total"})


def check(query: Mapping[str, str]) -> None:
    """Invalid unless `query` says where total and good or bad are read, and which counters they are."""
    if set(query) not in SHAPES or not all(isinstance(text, str) and len(text) <= 4000 for text in query.values()):
        raise Invalid("query", "Name address and counter of “total” and of “good” or “bad”, of at most 4000 characters each.")
    for text in query.values():
        told(text)


def told(text: str) -> tuple[str, Selector]:
    """The address and what is selected there."""
    address, _, rest = text.strip().partition(" ")
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and len(address) <= 500
    except ValueError:
        fits = False
    if not fits:
        raise Invalid("query", "Write an address and, after a space, a counter there: http://shop:8080/metrics shop_requests_total.")
    return address, selector(rest)


def measure(series: str, query: Mapping[str, str], window_seconds: float, now: datetime, *, is_past: bool = False) -> Reading:
    """The SLI of the last seconds, from what was read."""
    return recent(series, window_seconds, now)


def events(series: str, query: Mapping[str, str], minute: datetime) -> None:
    """Nothing to fetch by the minute: counters are read every few seconds (windows.signals)."""
    return
