"""Which work must have been rehearsed, and when a rehearsal counts (N15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.execution.rehearsing import STANDARD, Judgement, Rule, Tried, lacking

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
COUNTS, FAILED, GOING = Judgement(True, True, "undone"), Judgement(False, False, "It ended stuck."), Judgement(None, False, "under way")
CHANGED = Rule(since=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("rule", "places", "wanted"),
    [
        (STANDARD, [(1, "production")], True),
        (STANDARD, [(2, "production")], False),
        (STANDARD, [(1, "staging"), (2, "production")], False),  # the critical service is touched elsewhere
        (STANDARD, [], False),
        (Rule(tier=3), [(3, "production")], True),
        (Rule(tier=0), [(1, "production")], False),
        (Rule(environments=frozenset({"staging"})), [(1, "staging")], True),
    ],
)
def test_n15_the_policy_says_which_work(rule: Rule, places: list[tuple[int, str]], wanted: bool) -> None:
    assert rule.wants(places) is wanted


@pytest.mark.parametrize(
    ("rule", "ended_at", "counts"),
    [
        (STANDARD, NOW - timedelta(days=90), True),
        (STANDARD, NOW - timedelta(days=90, seconds=1), False),
        (STANDARD, None, False),
        (Rule(good_for=timedelta(days=7)), NOW - timedelta(days=8), False),
        (Rule(since=NOW - timedelta(days=1)), NOW - timedelta(days=2), False),
        (Rule(since=NOW - timedelta(days=1)), NOW - timedelta(days=1), True),
    ],
)
def test_n15_the_policy_says_how_long_and_since_when(rule: Rule, ended_at: datetime | None, counts: bool) -> None:
    assert rule.takes(ended_at, NOW) is counts


@pytest.mark.parametrize(
    ("last", "rule", "said"),
    [
        (None, STANDARD, "It was never rehearsed with its rollback."),
        (Tried("RH-4", NOW, FAILED), STANDARD, "Its last rehearsal, RH-4, does not count: It ended stuck."),
        (Tried("RH-4", None, GOING), STANDARD, "Its rehearsal RH-4 is not over."),
        (Tried("RH-4", NOW, COUNTS), STANDARD, "RH-4 rehearsed it longer than 90 days ago."),
        (Tried("RH-4", NOW, COUNTS), CHANGED, "RH-4 rehearsed it before the major change of 2027-03-01 13:00 UTC."),
    ],
)
def test_n15_it_says_what_is_lacking(last: Tried | None, rule: Rule, said: str) -> None:
    assert lacking(last, rule) == said


@given(tier=st.integers(0, 4), places=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["production", "staging"]))))
def test_n15_a_wider_policy_never_asks_for_less(tier: int, places: list[tuple[int, str]]) -> None:
    assert not Rule(tier=tier).wants(places) or Rule(tier=min(4, tier + 1)).wants(places)
