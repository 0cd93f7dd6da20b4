"""Interval arithmetic: worked examples, and a comparison with sets of minutes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.intervals import Interval, clip, subtract, total, union

START = datetime(2026, 3, 1, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def make(*pairs: tuple[int, int]) -> list[Interval]:
    return [Interval(at(a), at(b)) for a, b in pairs]


def minutes(intervals: list[Interval]) -> set[int]:
    return {m for one in intervals for m in range(200) if at(m) in one}


@pytest.mark.parametrize(
    ("given_", "merged"),
    [
        ([], []),
        ([(0, 0)], []),
        ([(0, 5), (5, 9)], [(0, 9)]),
        ([(5, 9), (0, 6)], [(0, 9)]),
        ([(0, 9), (2, 3)], [(0, 9)]),
        ([(0, 2), (3, 4)], [(0, 2), (3, 4)]),
    ],
)
def test_union(given_, merged) -> None:
    assert union(make(*given_)) == make(*merged)


@pytest.mark.parametrize(
    ("given_", "without", "left"),
    [
        ([(0, 10)], [(2, 3), (5, 6)], [(0, 2), (3, 5), (6, 10)]),
        ([(0, 10)], [(0, 10)], []),
        ([(0, 10)], [(10, 12)], [(0, 10)]),
        ([(2, 4), (6, 8)], [(3, 7)], [(2, 3), (7, 8)]),
        ([(2, 4)], [(0, 9)], []),
    ],
)
def test_subtract(given_, without, left) -> None:
    assert subtract(make(*given_), make(*without)) == make(*left)


def test_ends_are_half_open() -> None:
    one = Interval(at(0), at(5))
    assert at(0) in one
    assert at(5) not in one


@pytest.mark.parametrize(("start", "end"), [(at(1), at(0)), (datetime(2026, 1, 1), at(1)), (at(1), datetime(2026, 1, 1))])  # noqa: DTZ001
def test_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError):
        Interval(start, end)


pairs = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 40)).map(lambda p: (p[0], p[0] + p[1])), max_size=8).map(lambda p: make(*p))


def tidy(intervals: list[Interval]) -> bool:
    return all(one.length for one in intervals) and all(a.end < b.start for a, b in pairwise(intervals))


@given(pairs, pairs, st.integers(0, 100), st.integers(0, 60))
def test_the_same_as_sets_of_minutes(some: list[Interval], others: list[Interval], start: int, length: int) -> None:
    frame = Interval(at(start), at(start + length))
    assert minutes(union(some)) == minutes(some)
    assert minutes(subtract(some, others)) == minutes(some) - minutes(others)
    assert minutes(clip(some, frame)) == minutes(some) & minutes([frame])
    assert total(some) == timedelta(minutes=len(minutes(some)))
    for result in (union(some), subtract(some, others), clip(some, frame)):
        assert tidy(result)
