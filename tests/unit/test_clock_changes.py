"""When the clock on the wall jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from windows.scheduling.clock_changes import clock_changes


@pytest.mark.parametrize(
    ("zone", "since", "days", "at", "words"),
    [
        ("Europe/Berlin", "2026-10-19", 7, "2026-10-25T01:00", "the clock goes back from 03:00 to 02:00 on Sun 25 Oct"),
        ("Europe/Berlin", "2027-03-28", 1, "2027-03-28T01:00", "the clock goes forward from 02:00 to 03:00 on Sun 28 Mar"),
        ("Australia/Lord_Howe", "2026-10-01", 7, "2026-10-03T15:30", "the clock goes forward from 02:00 to 02:30 on Sun 4 Oct"),
        ("America/New_York", "2026-10-20", 91, "2026-11-01T06:00", "the clock goes back from 02:00 to 01:00 on Sun 1 Nov"),
        ("Pacific/Apia", "2011-12-25", 7, "2011-12-30T10:00", "the clock goes forward from 00:00 to 00:00 on Fri 30 Dec"),
    ],
)
def test_a_change_is_found_to_the_minute_and_told_by_the_clock_on_the_wall(zone: str, since: str, days: int, at: str, words: str) -> None:
    begins = datetime.fromisoformat(since).replace(tzinfo=UTC)
    (found,) = clock_changes(begins, begins + timedelta(days=days), ZoneInfo(zone))
    assert (found.at, found.words) == (datetime.fromisoformat(at).replace(tzinfo=UTC), words)


def test_a_year_has_two_and_a_zone_without_summer_time_none() -> None:
    begins = datetime(2026, 1, 1, 0, 0, 13, tzinfo=UTC)
    year = timedelta(days=365)
    assert [one.at.month for one in clock_changes(begins, begins + year, ZoneInfo("Europe/London"))] == [3, 10]
    assert clock_changes(begins, begins + year, ZoneInfo("Asia/Kolkata")) == [] == clock_changes(begins, begins, ZoneInfo("Europe/London"))
