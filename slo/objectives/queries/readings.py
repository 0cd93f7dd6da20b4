"""What gates are judged by: an objective's SLI of the last seconds, and how fast its budget burns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from slo.burn_rate import burn_rate
from slo.intervals import Interval
from slo.objectives.queries.promises import promises
from slo.telemetry import registry
from slo.telemetry.queries import ratios
from slo.telemetry.readings import Reading


def reading(slug: str, window_seconds: float, now: datetime, *, is_past: bool = False) -> Reading:
    """The SLI of the last seconds, by the objective's own source: what a gate is judged by. Never raises for what a source answers.

    `is_past`: of the seconds before `now`, which lies behind us.
    """
    found = promises(slugs=[slug])
    if not found:
        return Reading(None, error=f"there is no objective “{slug}”")
    return registry.known()[found[0].source].measure(slug, found[0].query, window_seconds, now, is_past=is_past)


def burning(slug: str, lengths: Sequence[float], now: datetime) -> Reading:
    """The slowest of the burn rates over the last so many seconds each: all of them burn at least so fast. None where one is unknown.

    Judged by the measurements kept by the minute; `samples` are the events of the shortest."""
    found = promises(slugs=[slug])
    if not found:
        return Reading(None, error=f"there is no objective “{slug}”")
    sums = ratios([(found[0].series, Interval(now - timedelta(seconds=length), now)) for length in lengths])
    rates = [burn_rate(one, found[0].target) for one in sums]
    for length, rate in zip(lengths, rates, strict=True):
        if rate is None:
            return Reading(None, 0, now, reason=f"no events in the last {length:g} s")
    return Reading(min(rate for rate in rates if rate is not None), min(one.total for one in sums), now)
