"""Several change calendars are one: open only while all are, and the next transition is that of all together."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.scheduling.oracle import Advice, Closing, Period, answer, closed_by

SINCE = datetime(2027, 3, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=48)


def hour(n: int) -> datetime:
    return SINCE + timedelta(hours=n)


def times(*hours: tuple[int, int]) -> list[Period]:
    return [Period(hour(begins), hour(ends), "Till") for begins, ends in hours]


@pytest.mark.parametrize(
    ("periods", "opens_by_default", "at", "state", "following"),
    [
        ([], True, 0, "OPEN", None),
        ([], False, 0, "CLOSED", None),  # it names no time to open, and nobody knows one
        ([(2, 4)], True, 0, "OPEN", 2),
        ([(2, 4)], True, 2, "CLOSED", 4),
        ([(2, 4)], True, 4, "OPEN", None),
        ([(2, 4), (4, 6)], True, 3, "CLOSED", 6),  # one after the other: nothing opens in between
        ([(2, 4)], False, 0, "CLOSED", 2),
        ([(2, 4)], False, 3, "OPEN", 4),
        ([(2, 4), (3, 8)], False, 3, "OPEN", 8),
        ([(2, 4), (6, 8)], False, 4, "CLOSED", 6),
        ([(-9, 4)], False, 0, "OPEN", 4),
        ([(-9, -4)], True, 0, "OPEN", None),
        ([(40, 60)], False, 41, "OPEN", None),  # beyond what was looked at
    ],
)
def test_i03_a_calendar_by_itself(
    periods: list[tuple[int, int]], opens_by_default: bool, at: int, state: str, following: int | None
) -> None:
    found = answer(closed_by("till", times(*periods), SINCE, UNTIL, opens_by_default=opens_by_default), hour(at))
    assert (found.state, found.next_transition) == (state, None if following is None else hour(following))
    assert all(one.calendar == "calendar:till" and "till" in one.why for one in found.reasons) and bool(found.reasons) == (
        state == "CLOSED"
    )


def test_i03_together_each_that_closes_is_named_and_the_last_to_open_decides() -> None:
    freeze = Closing(Advice.CANARY_ONLY, hour(0), hour(9), "Peak", "The change freeze covers orders.", 7, "orders/production")
    both = [freeze, *closed_by("till", times((0, 5)), SINCE, UNTIL, opens_by_default=True)]
    at_first, later = answer(both, hour(1)), answer(both, hour(6))
    assert [one.calendar for one in at_first.reasons] == ["calendar:till", "orders/production"], "the strictest first"
    assert (at_first.advice, at_first.next_transition) == (Advice.CLOSED, hour(5))
    assert (later.advice, later.next_transition) == (Advice.CANARY_ONLY, hour(9)) and later.state == "CLOSED"


spans = st.lists(st.tuples(st.integers(-10, 46), st.integers(1, 12)).map(lambda one: (one[0], one[0] + one[1])), max_size=6)
calendars = st.lists(st.tuples(spans, st.booleans()), min_size=1, max_size=4)


@given(calendars, st.integers(0, 47))
def test_i03_and_of_any_calendars_is_what_each_says_at_every_hour(asked: list[tuple[list[tuple[int, int]], bool]], at: int) -> None:
    """Against the definition, hour by hour: closed where any is, and the next transition is the first hour that differs."""

    def closed(n: int) -> bool:
        return any(any(a <= n < b for a, b in found) is opens for found, opens in asked)

    closings = [
        one for n, (found, opens) in enumerate(asked) for one in closed_by(f"c{n}", times(*found), SINCE, UNTIL, opens_by_default=opens)
    ]
    said = answer(closings, hour(at))
    assert said.state == ("CLOSED" if closed(at) else "OPEN")
    differs = next((n for n in range(at + 1, 48) if closed(n) is not closed(at)), None)
    assert differs is None or said.next_transition == hour(differs)
    names = {f"calendar:c{n}" for n, (found, opens) in enumerate(asked) if any(a <= at < b for a, b in found) is opens}
    assert {one.calendar for one in said.reasons} == names
