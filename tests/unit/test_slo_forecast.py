"""The budget after a planned window: by worked examples, and unknown where nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.budget import Policy, Ratio, figures
from slo.forecast import Past, charged, forecast, usual_hours
from slo.intervals import Interval

NOW, HOUR = datetime(2027, 3, 1, 12, tzinfo=UTC), timedelta(hours=1)
TODAY = figures(Ratio(99_900, 100_000), [], Decimal("0.99"))  # 1000 allowed, 100 spent: 90 % left
USUAL = [Ratio(100, 100), Ratio(0, 300), Ratio()]  # 200 events are usual; a week without any is no week
OLD = [Past("MW-1", Ratio(90, 100)), Past("MW-2", Ratio(200, 200)), Past("MW-3", Ratio())]


def told(**facts: Any) -> Any:
    given: dict[str, Any] = {"expected": None, "policy": Policy.COUNT, "slack": 0.0, "usual": USUAL, "past": OLD, "figures": TODAY}
    given |= facts
    return forecast(given.pop("figures"), given.pop("usual"), given.pop("past"), **given)


def test_it_rests_on_past_windows_where_there_are_any() -> None:
    found = told(expected=1.0)
    assert found.usual == 200 and found.bad == pytest.approx(200 * 10 / 300) and found.worst == pytest.approx(20)
    assert found.raw == pytest.approx(0.9 - 200 * 10 / 300 / 1000) and found.worst_raw == pytest.approx(0.88)
    assert found.past == ("MW-1", "MW-2") and found.expected is None, "what was measured goes before what is expected"


def test_else_on_what_its_request_expects() -> None:
    found = told(past=OLD[2:], expected=0.25)
    assert (found.bad, found.worst, found.raw, found.past, found.expected) == (50, 50, pytest.approx(0.85), (), 0.25)
    assert told(past=[], expected=7.0).bad == 200, "no more users than there are"


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"past": [], "expected": None}, "no such window was measured before"),
        ({"past": OLD[2:]}, "no such window was measured before"),
        ({"usual": []}, "nothing was measured in these hours"),
        ({"usual": [Ratio()]}, "nothing was measured in these hours"),
        ({"figures": figures(Ratio(), [], Decimal("0.99"))}, "nothing was measured in these hours"),
    ],
)
def test_what_is_not_known_says_why(facts: dict[str, Any], why: str) -> None:
    found = told(**facts)
    assert not found.is_known and (found.raw, found.adjusted, found.worst) == (None, None, None) and found.why.startswith(why)


def test_what_was_agreed_counts_for_the_adjusted_figure_alone() -> None:
    found = told(past=[], expected=0.5, policy=Policy.ALLOW, slack=0.06)
    assert (found.raw, found.adjusted) == (pytest.approx(0.8), pytest.approx(0.86)), "100 bad, 60 of them agreed"
    assert told(past=[], expected=0.5, policy=Policy.EXCLUDE).adjusted == pytest.approx(0.9)


@given(st.floats(0, 1e6), st.floats(1, 1e6), st.sampled_from(Policy), st.floats(0, 1))
def test_never_more_is_charged_than_is_bad(bad: float, allowed: float, policy: Policy, slack: float) -> None:
    assert 0 <= charged(bad, allowed, policy, slack) <= bad


def test_usual_hours_are_wholly_past_and_of_the_same_hour_of_the_week() -> None:
    planned = Interval(NOW + 10 * timedelta(days=1), NOW + 10 * timedelta(days=1) + 2 * HOUR)
    found = usual_hours(planned, NOW)
    assert [one.start for one in found] == [planned.start - timedelta(weeks=n) for n in (2, 3, 4, 5)]
    assert all(one.end <= NOW and one.length == 2 * HOUR for one in found)


def test_of_one_that_has_begun_only_what_is_ahead_counts() -> None:
    found = usual_hours(Interval(NOW - HOUR, NOW + HOUR), NOW)
    assert found[0] == Interval(NOW - timedelta(weeks=1), NOW - timedelta(weeks=1) + HOUR)
    assert usual_hours(Interval(NOW - HOUR, NOW), NOW) == []


def test_usual_hours_follow_the_wall_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    planned = Interval(datetime(2027, 3, 29, 9, tzinfo=berlin), datetime(2027, 3, 29, 10, tzinfo=berlin))  # the clock changed on the 28th
    found = usual_hours(planned, planned.start - HOUR, zone=berlin)
    assert {one.start.astimezone(berlin).hour for one in found} == {9}
