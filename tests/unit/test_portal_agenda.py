"""Which day of the agenda something stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from portal.pages.agenda import Day, days

BERLIN = ZoneInfo("Europe/Berlin")
SINCE = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)  # Thursday's midnight there


@dataclass(frozen=True)
class Thing:
    starts_at: datetime


def at(day: int, hour: int = 12) -> Thing:
    return Thing(datetime(2026, 11, day, hour, tzinfo=UTC))


def test_each_day_has_what_begins_on_it_on_the_viewers_clock() -> None:
    early, late, freeze, vendor = at(26, 22), at(26, 23), at(28), at(27, 1)
    assert days([(early, "a"), (late, "b")], [freeze], [vendor], SINCE, BERLIN) == [
        Day(date(2026, 11, 26), (), (), ("a",), heads=True),
        Day(date(2026, 11, 27), (), (vendor,), ("b",), heads=False),
        Day(date(2026, 11, 28), (freeze,), (), (), heads=False),
    ]


def test_what_began_before_stands_on_the_first_day() -> None:
    long_ago = at(2)
    assert days([], [long_ago], [], SINCE, BERLIN) == [Day(date(2026, 11, 26), (long_ago,), (), (), heads=False)]
    assert days([(long_ago, "a")], [], [], SINCE, BERLIN)[0].rows == ("a",)
    assert days([], [], [], SINCE, BERLIN) == []
