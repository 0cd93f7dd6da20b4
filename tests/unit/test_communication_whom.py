"""Who hears of a window, and who only that there is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from portal.communication import Coming, in_order, reminders, touched
from windows.notices.queries import Hearing

CASES = [
    (Hearing(("Mia", "Otto"), (), ("shop",)), False, ("Mia, Otto; the channels of shop", "")),
    (Hearing((), (), ("post", "shop")), False, ("Nobody is on call for it; the channels of post, shop", "")),
    (Hearing(tuple("abcdefgh"), (), ()), False, ("a, b, c, d, e, f and 2 more", "")),
    (Hearing(("Mia",), ("Otto",), ("shop",)), True, ("Mia", "Otto; the channels of shop")),
    (Hearing((), ("Otto",), ()), True, ("Nobody who may know of it is on call for it", "Otto")),
    (Hearing((), (), ("shop",)), True, ("Nobody is on call for it", "The channels of shop")),
    (Hearing(("Mia",), (), ()), True, ("Mia", "")),
]


@pytest.mark.parametrize(("near", "confidential", "said"), CASES)
def test_of_a_confidential_window_channels_and_outsiders_stand_apart(near: Hearing, confidential: bool, said: tuple[str, str]) -> None:
    assert touched(near, confidential=confidential) == said


def test_what_comes_stands_by_its_time_and_what_may_come_at_any_time_last() -> None:
    late, soon, any_time = (
        Coming(at, "That it begins", "Mia") for at in (datetime(2026, 5, 2, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC), None)
    )
    assert in_order([any_time, late, soon]) == [soon, late, any_time]


START = datetime(2026, 5, 9, 12, tzinfo=UTC)
ASKED: Any = SimpleNamespace(requested_at=START - timedelta(days=4), missing=("owner of shop",))


@pytest.mark.parametrize(
    ("before", "taken", "said"),
    [
        (timedelta(days=4), [], ["asked to sign", "reminded to sign", "told that nobody has signed"]),
        (timedelta(days=3), ["asked"], ["reminded to sign", "told that nobody has signed"]),
        (timedelta(hours=20), ["asked"], ["reminded to sign", "told that nobody has signed"]),
        (timedelta(hours=20), [], ["reminded to sign", "told that nobody has signed"]),
        (timedelta(hours=1), [], ["told that nobody has signed"]),
        (timedelta(hours=1), ["asked"], ["told that nobody has signed"]),
        (timedelta(hours=1), ["escalated"], []),
        (timedelta(days=3), ["escalated"], []),
    ],
)
def test_of_the_reminders_that_are_overdue_only_the_last_is_listed(before: timedelta, taken: list[str], said: list[str]) -> None:
    now = START - before
    found = reminders(ASKED, START, taken, now)
    assert [one.what for one in found] == [f"Those who must sign are {what}" for what in said]
    assert all(one.at is not None and one.at >= now for one in found)
