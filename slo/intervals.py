"""Half-open time intervals [start, end) with zone-aware ends. Pure.

Half-open, because touching periods then neither overlap nor leave a gap: every instant belongs to exactly one of two neighbours.
Every function returns disjoint intervals in order, without empty ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Interval:
    """`start` belongs to it, `end` does not; equal ends make it empty. ValueError for naive times or an end before the start."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("an interval needs times with their zone")
        if self.end < self.start:
            raise ValueError("an interval cannot end before it starts")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


beginning = attrgetter("start")


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The instants in any of them; overlapping and touching ones become one."""
    merged: list[Interval] = []
    for one in sorted((interval for interval in intervals if interval.start < interval.end), key=beginning):
        if merged and one.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return merged


def clip(intervals: Iterable[Interval], to: Interval) -> list[Interval]:
    """The instants in any of them that lie within `to`."""
    inside = (Interval(max(one.start, to.start), min(one.end, to.end)) for one in intervals if one.start < to.end and to.start < one.end)
    return union(inside)


def subtract(intervals: Iterable[Interval], without: Iterable[Interval]) -> list[Interval]:
    """The instants in any of `intervals` and in none of `without`."""
    holes, left = union(without), []
    for one in union(intervals):
        start = one.start
        for hole in holes:
            if hole.end <= start or hole.start >= one.end:
                continue
            if hole.start > start:
                left.append(Interval(start, hole.start))
            start = hole.end
            if start >= one.end:
                break
        if start < one.end:
            left.append(Interval(start, one.end))
    return left


def total(intervals: Iterable[Interval]) -> timedelta:
    """How much time they cover; what several of them cover counts once."""
    return sum((one.length for one in union(intervals)), timedelta())
