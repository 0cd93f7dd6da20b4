"""Free slots: no proposed one collides, the earliest is kept, and each cost is the sum of its reasons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windows.scheduling.conflicts import ConflictFinding, ConflictKind, Severity
from windows.scheduling.ranking import NIGHT, OFF_HOURS, SOFT, STEP, Traffic, Wish, hours, next_free, rank, shares_of, starts, weighed

MONDAY = datetime(2027, 3, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def wish(**said):
    return Wish(**{"since": MONDAY, "until": MONDAY + timedelta(days=2), "length": HOUR, **said})


def finding(severity: Severity) -> ConflictFinding:
    return ConflictFinding(ConflictKind.SCOPE, severity, "orders", "MW-1", "MW-1 works there.", "Wait.")


def judged(*busy: tuple[int, int, Severity]):
    """Busy half hours from Monday 00:00, each with a severity."""

    def judge(begins, ends):
        met = [(MONDAY + STEP * first, MONDAY + STEP * last, severity) for first, last, severity in busy]
        return [finding(severity) for since, until, severity in met if begins < until and since < ends]

    return judge


BUSY = st.lists(
    st.tuples(st.integers(0, 95), st.integers(1, 12), st.sampled_from(Severity)).map(lambda b: (b[0], b[0] + b[1], b[2])), max_size=12
)
SHARES = st.lists(st.none() | st.floats(0, 5), min_size=168, max_size=168)


@given(BUSY, SHARES, st.integers(1, 6), st.integers(1, 8), st.none() | st.floats(-1, 1))
@settings(max_examples=120, deadline=None)
def test_no_proposed_slot_collides_and_the_earliest_free_one_is_among_them(busy, shares, halves, limit, budget):
    asked = wish(length=STEP * halves, traffic=(Traffic("orders", shares),), people=(("Ada", "Europe/Berlin"),), budget=budget)
    judge = judged(*busy)
    found = rank(asked, judge, limit)
    free = [at for at in starts(asked) if not any(f.severity is Severity.HARD for f in judge(at, at + asked.length))]
    assert bool(found) == bool(free) and len(found) <= limit
    assert all(slot.begins in free and asked.since <= slot.begins and slot.ends <= asked.until for slot in found)
    assert not free or free[0] in [slot.begins for slot in found if slot.is_earliest]
    assert found == sorted(found, key=lambda slot: (slot.cost, slot.begins))
    assert all(one.ends <= other.begins or other.ends <= one.begins for one in found for other in found if one is not other)
    assert all(abs(slot.cost - sum(reason.cost for reason in slot.reasons)) < 1e-3 and slot.reasons for slot in found)
    untroubled = [at for at in free if all(f.severity is Severity.ADVISORY for f in judge(at, at + asked.length))]
    following = next_free(asked, judge)
    assert (following.begins if following else None) == (untroubled[0] if untroubled else None)


def test_the_quiet_hour_goes_first_and_a_soft_conflict_costs_its_price():
    shares = [1.0] * 168
    shares[27] = 0.1  # Tuesday 03:00
    quiet = rank(wish(traffic=(Traffic("orders", shares),)), judged())[0]
    assert quiet.begins == MONDAY + 27 * HOUR and quiet.traffic == 0.1
    beset = rank(wish(traffic=(Traffic("orders", shares),)), judged((54, 56, Severity.SOFT)))
    assert beset[0].begins != quiet.begins or beset[0].cost == pytest.approx(quiet.cost + SOFT)
    assert [reason.kind for reason in quiet.reasons] == ["traffic", "lateness"] and "10 %" in quiet.reasons[0].words


def test_slots_lie_around_the_begin_that_was_asked_for_and_say_on_which_side():
    asked = MONDAY + timedelta(days=4, hours=9)
    wanted = wish(until=MONDAY + timedelta(days=9), asked=asked)
    found = rank(wanted, judged((0, 4 * 48, Severity.SOFT)), 3)
    assert found[0].begins == asked and not [reason for reason in found[0].reasons if reason.kind == "lateness"]
    busy = judged((4 * 48 + 17, 4 * 48 + 21, Severity.HARD))
    assert asked - 3 * HOUR < rank(wanted, busy, 1)[0].begins < asked + 3 * HOUR, "the nearest free one is always among them"
    said = {
        days: [reason.words for reason in weighed(wanted, asked + timedelta(days=days), judged()).reasons if reason.kind == "lateness"]
        for days in (-2, -0.5, 0, 1, 3)
    }
    assert said == {
        -2: ["It is 2 days earlier than asked for."],
        -0.5: ["It is 12 hours earlier than asked for."],
        0: [],
        1: ["It is 1 day later than asked for."],
        3: ["It is 3 days later than asked for."],
    }
    assert "later than the first time looked at" in weighed(wish(), MONDAY + timedelta(days=1), judged()).reasons[-1].words


def test_what_is_not_known_is_said():
    slot = rank(wish(traffic=(Traffic("orders", [None] * 168),)), judged())[0]
    assert slot.traffic is None and "not known" in slot.reasons[0].words


def test_little_budget_makes_traffic_weigh_more():
    traffic = (Traffic("orders", [1.0] * 168),)
    costs = [rank(wish(traffic=traffic, budget=left), judged())[0].cost for left in (1.0, 0.5, 0.0, -3.0)]
    assert costs == [1.0, 1.5, 2.0, 2.0]


@pytest.mark.parametrize(
    ("begins", "cost"),
    [(9, 0), (7, OFF_HOURS), (17, 0), (18, OFF_HOURS), (21, NIGHT), (2, NIGHT), (24 * 5 + 10, OFF_HOURS)],
)  # UTC; Lisbon's winter time is UTC
def test_peoples_hours(begins, cost):
    at = MONDAY + begins * HOUR
    slot = rank(
        wish(since=at, until=at + 2 * HOUR, length=2 * HOUR if begins == 21 else HOUR, people=(("Ada", "Europe/Lisbon"),)), judged(), 1
    )[0]
    assert sum(reason.cost for reason in slot.reasons if reason.kind == "people") == cost


def test_hours_of_the_week_and_their_shares():
    assert hours(MONDAY + timedelta(days=6, hours=23, minutes=30), MONDAY + timedelta(days=7, minutes=30)) == [167, 0]
    assert shares_of({}) == [None] * 168
    assert shares_of({0: 10, 1: 30})[:3] == [0.5, 1.5, None]
