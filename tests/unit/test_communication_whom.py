"""Who hears of a window, and who only that there is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.communication import Coming, in_order, touched
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
