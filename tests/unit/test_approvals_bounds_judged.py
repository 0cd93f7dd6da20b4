"""A policy's bounds, what it matches by the clock and the budget, and how long approvals take: by tables."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.approvals.bounds import UNBOUNDED, Bounds, beyond, bounds_of, checked_bounds
from windows.approvals.lead_times import by_team
from windows.approvals.policy import SIGNING, PolicyRow, Requirement, bounded, checked_match, fits
from windows.errors import Invalid
from windows.scheduling.pre_authorised import Hours

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
NIGHT = Hours(opens=time(22), closes=time(6))


@pytest.mark.parametrize(
    ("bounds", "begins", "hours", "found"),
    [
        (UNBOUNDED, 0, 1000, 0),
        (Bounds(lead=72 * HOUR), 72, 1, 0),
        (Bounds(lead=72 * HOUR), 71, 1, 1),
        (Bounds(longest=2 * HOUR), 1, 2, 0),
        (Bounds(longest=2 * HOUR), 1, 2.5, 1),
        (Bounds(hours=NIGHT), 13, 8, 0),  # 22:00 to 06:00
        (Bounds(hours=NIGHT), 13, 9, 1),
        (Bounds(hours=NIGHT), 1, 1, 1),
        (Bounds(lead=72 * HOUR, longest=HOUR, hours=NIGHT), 1, 2, 3),
    ],
)
def test_what_is_beyond(bounds: Bounds, begins: float, hours: float, found: int) -> None:
    at = NOW + begins * HOUR
    assert len(beyond(bounds, at, at + hours * HOUR, NOW)) == found


def test_beyond_its_bounds_a_window_is_refused_or_takes_one_signature_more() -> None:
    at = NOW + HOUR
    owner = Requirement("owner", turn=2)
    strict = PolicyRow("Tier 1", {}, (owner,), bounds=Bounds(lead=72 * HOUR))
    same, why = bounded(strict, "normal", at, at + HOUR, NOW)
    assert same is strict and "72 hours before" in why[0]
    assert bounded(strict, "emergency", at, at + HOUR, NOW) == (strict, [])
    assert bounded(strict, "normal", at + 100 * HOUR, at + 101 * HOUR, NOW) == (strict, [])
    lenient = PolicyRow("Tier 1", {}, (owner,), bounds=Bounds(lead=72 * HOUR, else_role="sre"))
    more, why = bounded(lenient, "normal", at, at + HOUR, NOW)
    assert why and more.requires == (owner, Requirement("sre", 1, "any", 2)) and "SRE too" in more.name


@given(lead=st.integers(1, 500), ahead=st.floats(0, 1000))
def test_a_lead_time_is_kept_or_told(lead: int, ahead: float) -> None:
    at = NOW + ahead * HOUR
    assert bool(beyond(Bounds(lead=lead * HOUR), at, at + HOUR, NOW)) == (at - NOW < lead * HOUR)


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        ({"unheard": 1}, "bounds"),
        ({"lead_hours": 0}, "bounds.lead_hours"),
        ({"lead_hours": True}, "bounds.lead_hours"),
        ({"longest_minutes": 20_000}, "bounds.longest_minutes"),
        ({"hours": {"opens": "22:00"}}, "bounds.hours.closes"),
        ({"hours": {"opens": "25:00", "closes": "06:00"}}, "bounds.hours.opens"),
        ({"hours": {"days": ["XX"]}}, "bounds.hours.days"),
        ({"hours": {"days": ["MO"], "timezone": "Nowhere"}}, "bounds.hours.timezone"),
        ({"hours": {"timezone": "UTC"}}, "bounds.hours"),
        ({"lead_hours": 1, "else_role": "viewer"}, "bounds.else_role"),
        ({"else_role": "sre"}, "bounds.else_role"),
    ],
)
def test_bounds_that_cannot_be_are_named(given_: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_bounds(given_, SIGNING)
    assert refused.value.field == field


def test_bounds_are_kept_and_read_back() -> None:
    kept = checked_bounds(
        {"lead_hours": 72, "hours": {"opens": "22:00", "closes": "06:00", "timezone": "UTC"}, "else_role": "sre"}, SIGNING
    )
    assert bounds_of(kept) == Bounds(lead=72 * HOUR, hours=NIGHT, else_role="sre")
    assert bounds_of(checked_bounds({}, SIGNING)) == UNBOUNDED


@pytest.mark.parametrize(
    ("match", "facts", "expected"),
    [
        ({"budget_left_below": 0.25}, {"budget_left": 0.2}, True),
        ({"budget_left_below": 0.25}, {"budget_left": 0.25}, False),
        ({"budget_left_below": 0.25}, {"budget_left": None}, True),  # one that cannot be told is low
        ({"budget_left_below": 0.25}, {}, False),  # nothing is promised
        ({"hours": {"opens": "08:00", "closes": "18:00"}}, {}, True),
        ({"hours": {"opens": "18:00", "closes": "08:00"}}, {}, False),
        ({"hours": {"opens": "10:00", "closes": "18:00", "timezone": "Europe/Berlin"}}, {}, True),  # 09:00 UTC is 10:00 there
        ({"hours": {"days": ["SA", "SU"]}}, {}, False),
        ({"hours": {"days": ["MO"]}}, {}, True),
    ],
)
def test_what_a_row_fits_by_the_clock_and_the_budget(match: dict[str, Any], facts: dict[str, Any], expected: bool) -> None:
    assert fits(checked_match(match), {"begins_at": NOW, **facts}) is expected


@pytest.mark.parametrize("value", [0, 1.5, True, "0.2"])
def test_a_share_is_one(value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        checked_match({"budget_left_below": value})
    assert refused.value.field == "match.budget_left_below"


def test_lead_times_by_team_the_slowest_first() -> None:
    rows = [("a", "A", NOW, NOW + n * HOUR) for n in (1, 2, 9)] + [("b", "B", NOW, NOW + 5 * HOUR), ("b", "B", NOW, None)]
    found = [(one.team, one.count, one.median, one.longest) for one in by_team(rows)]
    assert found == [("b", 1, 5 * HOUR, 5 * HOUR), ("a", 3, 2 * HOUR, 9 * HOUR)]
    assert by_team([]) == []
