"""The stretch of time a budget is counted over: rolling days, or the calendar period that is under way. Pure.

A calendar period begins on the wall clock of its zone: a month of Berlin has an hour more or less where its clocks change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from slo.intervals import Interval

MONTHS = {"M": 1, "Q": 3, "Y": 12}
DAYS = {"d": 1, "w": 7}
UNITS = (*DAYS, *MONTHS)
STAMP = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Periods of `count` units (d, w, M, Q, Y) one after the other, the first from `start`: a wall-clock time in `zone`."""

    start: str  # YYYY-MM-DD HH:MM:SS
    zone: str
    count: int
    unit: str

    @property
    def begin(self) -> datetime:
        return datetime.strptime(self.start, STAMP)  # noqa: DTZ007 - a wall-clock time, its zone stands beside it

    def at(self, number: int) -> datetime:
        """When period `number` begins, in UTC; 0 is the first. The 31st of a shorter month is its last day."""
        first = self.begin
        if self.unit in DAYS:
            wall = first + timedelta(days=DAYS[self.unit] * self.count * number)
        else:
            month = first.year * 12 + first.month - 1 + MONTHS[self.unit] * self.count * number
            wall = day_of(first, month // 12, month % 12 + 1)
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def around(self, now: datetime) -> Interval:
        """The period that holds an instant; periods before the first begin are counted backwards."""
        days = DAYS[self.unit] * self.count if self.unit in DAYS else 30.436875 * MONTHS[self.unit] * self.count
        number = int((now - self.at(0)) / timedelta(days=days))
        while self.at(number) > now:
            number -= 1
        while self.at(number + 1) <= now:
            number += 1
        return Interval(self.at(number), self.at(number + 1))

    @property
    def days(self) -> int:
        """About how long one is: what charts and look-backs need."""
        return self.count * (DAYS[self.unit] if self.unit in DAYS else {"M": 31, "Q": 92, "Y": 366}[self.unit])


def day_of(wall: datetime, year: int, month: int) -> datetime:
    last = (datetime(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day  # noqa: DTZ001 - a wall-clock date
    return wall.replace(year=year, month=month, day=min(wall.day, last))


def calendar_in(told: Mapping[str, object]) -> Calendar | None:
    """As it is stored; None for a rolling window."""
    return Calendar(str(told["start"]), str(told["zone"]), int(str(told["count"])), str(told["unit"])) if told else None


def frame(now: datetime, days: int, calendar: Calendar | None = None) -> Interval:
    """What is counted now: so many days back, or from the begin of the calendar period to now."""
    return Interval(calendar.around(now).start if calendar else now - timedelta(days=days), now)
