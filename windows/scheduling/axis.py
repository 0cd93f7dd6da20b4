"""The time axis of a timeline: which columns a zoom has, and where a moment lies on it. Pure.

Every column is SLOTS wide whatever it lasts, so that a page names places by a few hundred classes instead of style attributes.
A day of 23 or 25 hours is as wide as any other: its hours are narrower or wider.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SLOTS = 288  # five minutes of a day
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = 7
FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)  # a typed year of 9999 has no next week


@dataclass(frozen=True, slots=True)
class Column:
    """[begins, ends) in UTC, its head in words, what lies behind it (off: weekend, night, nights: both ends of a day)."""

    begins: datetime
    ends: datetime
    wall: str  # the local begin, as a form takes it: 2026-11-24T00:00
    head: str
    note: str = ""
    behind: tuple[str, ...] = ()
    marks: tuple[tuple[int, str], ...] = ()  # slot and hour


@dataclass(frozen=True, slots=True)
class Axis:
    """Columns without a gap. `label` is how many slots the shortest readable label of a bar takes, its
    reference with its sign: about 118 pixels of a column as narrow as it gets on a screen of 1280."""

    zoom: str
    day: date  # the first, in the viewer's zone
    zone: ZoneInfo
    columns: tuple[Column, ...]
    label: int

    @property
    def narrow(self) -> bool:
        """A label takes more than a column and a half: one before its bar holds the reference alone."""
        return self.label > SLOTS * 3 // 2

    @property
    def since(self) -> datetime:
        return self.columns[0].begins

    @property
    def until(self) -> datetime:
        return self.columns[-1].ends

    @property
    def length(self) -> int:
        return len(self.columns) * SLOTS

    def slot(self, at: datetime) -> int:
        """How far from the axis' begin a moment lies, in slots; what lies outside is on the nearest edge."""
        if at <= self.since:
            return 0
        for number, column in enumerate(self.columns):
            if at < column.ends:
                return number * SLOTS + int((at - column.begins) / (column.ends - column.begins) * SLOTS)
        return self.length

    def shows(self, at: datetime) -> bool:
        return self.since <= at < self.until


def moment(day: date, zone: ZoneInfo, hour: int = 0) -> datetime:
    """A local hour as UTC; hour 24 is the next midnight."""
    return datetime.combine(day + DAY * (hour // 24), time(hour % 24), zone).astimezone(UTC)


def named(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def weekend(day: date) -> tuple[str, ...]:
    return ("off",) if day.weekday() >= 5 else ()


def hours(day: date, zone: ZoneInfo) -> Axis:
    columns = tuple(
        Column(
            moment(day, zone, hour),
            moment(day, zone, hour + 3),
            f"{day}T{hour:02}:00",
            f"{hour:02}:00",
            behind=weekend(day) + (("night",) if hour < 6 else ()),
            marks=within(moment(day, zone, hour), moment(day, zone, hour + 3), zone),
        )
        for hour in range(0, 24, 3)
    )
    return Axis("day", day, zone, columns, 335)


def within(begins: datetime, ends: datetime, zone: ZoneInfo) -> tuple[tuple[int, str], ...]:
    """The whole hours between, as the clock on the wall shows them: one that it skips is not there, one that comes twice is twice."""
    hours = range(1, int((ends - begins) / HOUR))
    return tuple((int(HOUR * n / (ends - begins) * SLOTS), f"{(begins + HOUR * n).astimezone(zone):%H}") for n in hours)


def days(first: date, count: int, zone: ZoneInfo, zoom: str, label: int) -> Axis:
    return Axis(zoom, first, zone, tuple(whole_day(first + DAY * n, zone, narrow=count > 7) for n in range(count)), label)


def whole_day(day: date, zone: ZoneInfo, *, narrow: bool) -> Column:
    begins, ends = moment(day, zone), moment(day, zone, 24)
    if narrow:
        return Column(begins, ends, f"{day}T00:00", str(day.day), f"{day:%a}"[:2], weekend(day))
    changes = "" if ends - begins == DAY else "clock change"
    marks = tuple((int((moment(day, zone, hour) - begins) / (ends - begins) * SLOTS), f"{hour:02}") for hour in (0, 6, 12, 18))
    return Column(begins, ends, f"{day}T00:00", named(day), changes, ("nights", *weekend(day)), marks)


def weeks(first: date, count: int, zone: ZoneInfo) -> Axis:
    columns = tuple(
        Column(
            moment(day, zone),
            moment(day + DAY * WEEK, zone),
            f"{day}T00:00",
            f"{day.day} {day:%b}",
            f"wk {day.isocalendar().week}",
            ("week",),
        )
        for day in (first + DAY * WEEK * n for n in range(count))
    )
    return Axis("quarter", first, zone, columns, 545)


def monday(day: date) -> date:
    return day - DAY * day.weekday()


MAKERS: dict[str, Callable[[date, ZoneInfo], Axis]] = {
    "day": hours,
    "week": lambda day, zone: days(monday(day), 7, zone, "week", 300),
    "month": lambda day, zone: days(day.replace(day=1), monthrange(day.year, day.month)[1], zone, "month", 1310),
    "quarter": lambda day, zone: weeks(monday(day), 13, zone),
}


def axis(zoom: str, day: date, zone: ZoneInfo) -> Axis:
    """The axis of a zoom (a name in MAKERS) that holds a day; days beyond a century are brought back."""
    return MAKERS[zoom](max(FIRST, min(day, LAST)), zone)


def around(day: date, zone: ZoneInfo) -> Axis:
    """From yesterday to three days ahead: what the home page shows."""
    return days(day - DAY, 5, zone, "days", 345)


def before(shown: Axis) -> date:
    """A day of the previous pan."""
    return shown.day - (DAY * 7 * 13 if shown.zoom == "quarter" else DAY * 7 if shown.zoom == "week" else DAY)


def after(shown: Axis) -> date:
    """A day of the next one."""
    return (shown.until + timedelta(hours=12)).astimezone(shown.zone).date()


def told(shown: Axis) -> str:
    """What is shown, in words: a heading."""
    last = (shown.until - timedelta(hours=12)).astimezone(shown.zone).date()
    if shown.zoom == "month":
        return f"{shown.day:%B %Y}"
    if shown.day == last:
        return f"{named(last)} {last.year}"
    return f"{named(shown.day)} – {named(last)} {last.year}"
