"""How far an SLI in an interval strayed from the same hours of past weeks. Pure.

The same hours, because load has a daily and a weekly rhythm: a night's figures say nothing about a Monday morning. Weeks are taken on
the wall clock of a zone, so that a change to summer time does not compare nine o'clock with ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo

from slo.budget import Ratio
from slo.intervals import Interval


def same_hours(interval: Interval, weeks: int, zone: tzinfo = UTC) -> list[Interval]:
    """The interval 1, 2, … `weeks` weeks earlier, nearest first; each as long as the original in elapsed time."""
    start = interval.start.astimezone(zone)
    shifted = [(start - timedelta(weeks=number)).astimezone(UTC) for number in range(1, weeks + 1)]
    return [Interval(begin, begin + interval.length) for begin in shifted]


@dataclass(frozen=True, slots=True)
class Deviation:
    """SLI values 0 to 1; None is unknown. `difference` = actual − usual: below 0 users had it worse than usual."""

    actual: float | None
    usual: float | None  # of the past weeks together, each event counted once
    lowest: float | None  # among the past weeks
    highest: float | None
    weeks: int  # past weeks that had events at all
    difference: float | None
    is_outside: bool | None  # worse than the worst of the past weeks; None with fewer than two of them


def deviation(actual: Ratio, past: Sequence[Ratio]) -> Deviation:
    """Compare one interval with its past weeks; weeks without events do not count."""
    known = [week.value for week in past if week.value is not None]
    usual = sum(past, Ratio()).value
    value = actual.value
    return Deviation(
        actual=value,
        usual=usual,
        lowest=min(known, default=None),
        highest=max(known, default=None),
        weeks=len(known),
        difference=None if value is None or usual is None else value - usual,
        is_outside=None if value is None or len(known) < 2 else value < min(known),
    )
