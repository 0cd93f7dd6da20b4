"""How much is usually measured at which hour of the week: what a quiet time is. One statement, whatever is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from slo.intervals import Interval
from slo.telemetry.queries import ratios

HOUR = timedelta(hours=1)
WEEKS = 4
WEEK_HOURS = 168


def hours_of_week(series: Sequence[str], now: datetime, weeks: int = WEEKS) -> dict[str, dict[int, float]]:
    """Mean events of each series by hour of the week (0 is Monday 00:00 UTC), over so many past weeks.

    An hour in which nothing was measured in any of them is left out: that is not known, it is not zero.
    """
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    whole = [end - HOUR * back for back in range(weeks * WEEK_HOURS, 0, -1)]
    found = ratios([(one, Interval(at, at + HOUR)) for one in series for at in whole])
    answer: dict[str, dict[int, float]] = {}
    for place, one in enumerate(series):
        totals: dict[int, list[int]] = {}
        for at, sums in zip(whole, found[place * len(whole) : (place + 1) * len(whole)], strict=True):
            if sums.total:
                totals.setdefault(at.weekday() * 24 + at.hour, []).append(int(sums.total))
        answer[one] = {hour: sum(known) / len(known) for hour, known in totals.items()}
    return answer
