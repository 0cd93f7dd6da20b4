"""The same hours of past weeks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from slo.budget import Ratio
from slo.deviation import deviation, same_hours
from slo.intervals import Interval

NIGHT = Interval(datetime(2026, 4, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, 3, tzinfo=UTC))


def test_weeks_are_shifted_whole() -> None:
    weeks = same_hours(NIGHT, 3)
    assert [week.start for week in weeks] == [NIGHT.start - timedelta(days=7 * n) for n in (1, 2, 3)]
    assert {week.length for week in weeks} == {timedelta(hours=2)}


def test_weeks_follow_the_wall_clock_across_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # summer time began on 29 March 2026
    week = same_hours(NIGHT, 1, berlin)[0]
    assert NIGHT.start.astimezone(berlin).hour == week.start.astimezone(berlin).hour == 3
    assert NIGHT.start - week.start == timedelta(days=7) - timedelta(hours=1)


def test_worked_example() -> None:
    found = deviation(Ratio(950, 1000), [Ratio(998, 1000), Ratio(990, 1000), Ratio(), Ratio(1996, 2000)])
    assert found.weeks == 3
    assert found.usual == pytest.approx(3984 / 4000)
    assert found.difference == pytest.approx(0.95 - 0.996)
    assert (found.lowest, found.highest) == (0.99, 0.998)
    assert found.is_outside


@pytest.mark.parametrize(("actual", "past"), [(Ratio(), [Ratio(1, 1)] * 3), (Ratio(1, 1), []), (Ratio(1, 1), [Ratio()])])
def test_unknown_is_a_value(actual: Ratio, past: list[Ratio]) -> None:
    found = deviation(actual, past)
    assert found.difference is None
    assert not found.is_outside
