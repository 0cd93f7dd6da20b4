"""When the weekly mail is due by the receiver's own clock, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.reviews.digest import MOST, Part, due_week, letter

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Sao_Paulo"]


@pytest.mark.parametrize(
    ("wall", "zone", "week"),
    [
        ("2027-03-01T07:59", "Europe/Berlin", "2027-W08"),
        ("2027-03-01T08:00", "Europe/Berlin", "2027-W09"),
        ("2027-03-07T23:59", "Europe/Berlin", "2027-W09"),
        ("2027-03-01T08:00", "Pacific/Kiritimati", "2027-W09"),  # still Sunday in UTC
        ("2027-03-01T08:00", "Pacific/Pago_Pago", "2027-W09"),
        ("2027-03-29T08:00", "Europe/Berlin", "2027-W13"),  # the day after the clocks went forward
        ("2027-01-04T07:00", "UTC", "2026-W53"),
        ("2027-01-04T08:00", "UTC", "2027-W01"),
    ],
)
def test_it_is_due_on_monday_at_eight_on_the_receiver_s_wall(wall: str, zone: str, week: str) -> None:
    assert due_week(datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), zone) == week


@given(at=st.integers(0, 20 * 366 * 24 * 60), hours=st.integers(0, 24 * 30), zone=st.sampled_from(ZONES))
def test_it_never_goes_back_and_comes_once_a_week(at: int, hours: int, zone: str) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=at)
    assert due_week(now, zone) <= due_week(now + timedelta(hours=hours), zone)
    assert due_week(now, zone) < due_week(now + timedelta(days=7, hours=1), zone)


def test_what_is_empty_says_so_and_what_is_long_is_cut() -> None:
    many = Part("Ahead", [f"window {n}" for n in range(MOST + 2)], "Nothing yet.")
    told = letter("Ada", "2027-W08", [Part("What ran", [], "Nothing."), many], "https://p/reviews", "https://p/settings/")
    assert "WHAT RAN\nNothing." in told and "- window 9\n- and 2 more" in told and "window 10" not in told
    assert "https://p/reviews" in told and "https://p/settings/" in told
