"""The stretch of time a budget is counted over: rolling, or a calendar period on the wall clock of its zone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.periods import UNITS, Calendar, calendar_in, frame


@pytest.mark.parametrize(
    ("calendar", "now", "start", "end"),
    [
        (("2026-01-01 00:00:00", "UTC", 1, "M"), "2026-02-28T12:00", "2026-02-01T00:00", "2026-03-01T00:00"),
        (("2026-01-31 00:00:00", "UTC", 1, "M"), "2026-02-28T12:00", "2026-02-28T00:00", "2026-03-31T00:00"),
        (("2026-01-01 00:00:00", "UTC", 1, "Q"), "2026-03-31T23:59", "2026-01-01T00:00", "2026-04-01T00:00"),
        (("2026-01-05 00:00:00", "UTC", 1, "w"), "2026-01-11T23:59", "2026-01-05T00:00", "2026-01-12T00:00"),
        (("2026-01-05 00:00:00", "UTC", 1, "w"), "2025-12-31T00:00", "2025-12-29T00:00", "2026-01-05T00:00"),  # before its first
        (("2026-01-01 00:00:00", "UTC", 1, "Y"), "2027-01-01T00:00", "2027-01-01T00:00", "2028-01-01T00:00"),  # exactly at the turn
        # March of Berlin begins in winter and ends in summer: an hour less
        (("2026-01-01 00:00:00", "Europe/Berlin", 1, "M"), "2026-03-15T00:00", "2026-02-28T23:00", "2026-03-31T22:00"),
    ],
)
def test_a_calendar_period(calendar: tuple, now: str, start: str, end: str) -> None:
    found = Calendar(*calendar).around(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert [f"{found.start:%Y-%m-%dT%H:%M}", f"{found.end:%Y-%m-%dT%H:%M}"] == [start, end]


@given(
    st.integers(0, 2**31).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(UNITS),
    st.integers(1, 5),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"]),
)
def test_every_instant_lies_in_exactly_one_period(now: datetime, unit: str, count: int, zone: str) -> None:
    calendar = Calendar("2026-01-31 02:30:00", zone, count, unit)
    found = calendar.around(now)
    assert now in found
    assert calendar.around(found.start) == found
    assert calendar.around(found.end).start == found.end
    assert found.length <= timedelta(days=calendar.days * 1.2 + 2)


def test_a_frame_rolls_unless_a_calendar_says_when_it_begins() -> None:
    now = datetime(2026, 6, 20, tzinfo=UTC)
    assert frame(now, 28).start == now - timedelta(days=28)
    assert frame(now, 28, calendar_in({"start": "2026-01-01 00:00:00", "zone": "UTC", "count": 1, "unit": "M"})).start.day == 1
    assert calendar_in({}) is None
