"""Weeks and months as reviews know them: whole, in UTC. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from windows.errors import Invalid

FIRST, LAST = 2000, 2199  # years that anybody reviews


@dataclass(frozen=True, slots=True)
class Period:
    """[since, until). `name` is how it is asked for: 2026-W48 or 2026-11."""

    kind: str  # week, month
    name: str
    since: datetime
    until: datetime

    @property
    def last(self) -> datetime:
        """The last day that belongs to it."""
        return self.until - timedelta(days=1)

    @property
    def before(self) -> Period:
        return around(self.kind, self.since - timedelta(days=1))

    @property
    def after(self) -> Period:
        return around(self.kind, self.until)


def around(kind: str, at: datetime) -> Period:
    """The week or month in which an instant lies."""
    day = at.astimezone(UTC).date()
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        year, week, _ = monday.isocalendar()
        return Period(kind, f"{year}-W{week:02}", midnight(monday), midnight(monday + timedelta(weeks=1)))
    first = day.replace(day=1)
    return Period(kind, f"{first:%Y-%m}", midnight(first), midnight((first + timedelta(days=31)).replace(day=1)))


def named(kind: str, name: str) -> Period:
    """The period that somebody asks for; Invalid names the field (week or month)."""
    wanted = re.fullmatch(r"(\d{4})-W(\d{2})" if kind == "week" else r"(\d{4})-(\d{2})", name, re.ASCII)
    try:
        if wanted is None or not FIRST <= int(wanted[1]) <= LAST:
            raise ValueError
        year, number = int(wanted[1]), int(wanted[2])
        day = date.fromisocalendar(year, number, 1) if kind == "week" else date(year, number, 1)
    except ValueError:
        raise Invalid(f"Write a {kind} such as {'2027-W09' if kind == 'week' else '2027-03'}.", field=kind) from None
    return around(kind, midnight(day))


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
