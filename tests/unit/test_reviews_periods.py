"""Weeks and months of reviews: whole, in UTC, each beginning where the one before ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from windows.errors import Invalid
from windows.reviews.periods import around, named

KINDS = some.sampled_from(["week", "month"])
WHEN = some.datetimes(datetime(2001, 1, 1), datetime(2198, 12, 31), timezones=some.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@given(KINDS, WHEN)
def test_periods_follow_each_other_without_gap(kind: str, at: datetime) -> None:
    one = around(kind, at)
    assert one.since <= at < one.until and named(kind, one.name) == one
    assert one.before.until == one.since and one.after.since == one.until
    assert one.until - one.since == timedelta(weeks=1) or kind == "month"


@pytest.mark.parametrize(
    ("kind", "name", "since"),
    [
        ("week", "2026-W53", datetime(2026, 12, 28, tzinfo=UTC)),
        ("week", "2027-W01", datetime(2027, 1, 4, tzinfo=UTC)),
        ("month", "2027-02", datetime(2027, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_period_is_asked_for_by_name(kind: str, name: str, since: datetime) -> None:
    assert named(kind, name).since == since


@pytest.mark.parametrize(
    ("kind", "name"),
    [("week", "2027-W53"), ("week", "2027-02"), ("week", "0000-W01"), ("month", "2027-13"), ("month", "9999-12"), ("month", "２０２７-02")],
)
def test_what_is_no_period_is_refused_with_an_example(kind: str, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        named(kind, name)
    assert refused.value.field == kind and "2027" in refused.value.detail


def test_the_last_day_of_a_period_belongs_to_it() -> None:
    assert named("week", "2027-W09").last.date().isoformat() == "2027-03-07"
    assert named("month", "2027-03").last.date().isoformat() == "2027-03-31"
