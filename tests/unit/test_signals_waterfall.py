"""A trace's rows: parents first, places on the axis, and no trace that breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from windows.signals.waterfall import SCALE, waterfall

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class One:
    key: str
    parent: str
    begins_at: datetime
    ends_at: datetime


def one(key: str, parent: str, begin: int, end: int) -> One:
    return One(key, parent, NOW + timedelta(milliseconds=begin), NOW + timedelta(milliseconds=end))


def test_children_stand_under_their_parent_in_order_of_time() -> None:
    spans = [one("late", "root", 60, 100), one("early", "root", 10, 50), one("root", "gone", 0, 100), one("leaf", "early", 20, 20)]
    found = waterfall(spans)
    assert [(spans[row.span].key, row.depth) for row in found] == [("root", 0), ("early", 1), ("leaf", 2), ("late", 1)]
    assert [(row.left, row.width) for row in found] == [(0, 1000), (100, 400), (200, 4), (600, 400)]
    assert found[3].after == timedelta(milliseconds=60)


def test_a_trace_of_one_instant_has_a_bar() -> None:
    (row,) = waterfall([one("a", "", 0, 0)])
    assert (row.left, row.width) == (0, 4)
    assert waterfall([]) == []


keys = st.sampled_from("abcdef")
spans = st.builds(
    lambda key, parent, begin, long: one(key, parent, begin, begin + long), keys, keys, st.integers(0, 50), st.integers(0, 50)
)


@given(st.lists(spans, max_size=12))
def test_every_span_once_whatever_it_says_of_its_parents(given_spans: list[One]) -> None:
    found = waterfall(given_spans)
    assert sorted(row.span for row in found) == list(range(len(given_spans)))
    assert all(row.left >= 0 and row.width > 0 and row.left + row.width <= SCALE for row in found)
