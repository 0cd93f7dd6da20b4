"""Where bars lie in a lane: true lengths, labels that have room, overlapping ones in rows above each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from windows.scheduling.axis import SLOTS, Axis

ROWS = 12  # the most rows of one lane; what does not fit is counted and led to
ROOM = 240  # the widest label, in twenty-fourths of a column
SHORTEST = 10  # a label must not touch its neighbour
BRACKETS = 20  # of one lane: beyond, red says nothing any more


class Timed(Protocol):
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


T = TypeVar("T", bound=Timed)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the axis: begins in `column` at slot `x`, lasts `whole` columns and `w` slots. The classes of static/portal/slots.css."""

    column: int
    x: int
    w: int
    whole: int
    cut_left: bool
    cut_right: bool

    @property
    def classes(self) -> str:
        return f"x-{self.x} w-{self.w}" + (f" d-{self.whole}" if self.whole else "")


@dataclass(frozen=True, slots=True)
class Bar(Generic[T]):
    """`side` is where the label stands: right of the bar, left of it (near the edge), or inside a bar that fills the view."""

    of: T
    spot: Spot
    row: int
    room: int
    side: str


@dataclass(frozen=True, slots=True)
class Lane(Generic[T]):
    bars: tuple[Bar[T], ...]
    rows: int
    hidden: int  # how many found no row


@dataclass(frozen=True, slots=True)
class Clash(Generic[T]):
    """Two bars that may not lie over each other: a bracket where the later begins, from the upper's row over `rows` more. Where a label
    stands there (`after`), it comes where the first of them ends."""

    one: T
    other: T
    column: int
    x: int
    row: int
    rows: int
    after: bool = False


def clashes(lane: Lane[T], axis: Axis, collide: Callable[[T, T], bool]) -> list[Clash[T]]:
    """The pairs of a lane that overlap in time and collide, by begin; at most BRACKETS of them."""
    found: list[Clash[T]] = []
    bars = sorted(lane.bars, key=lambda bar: bar.of.starts_at)
    for n, bar in enumerate(bars):
        for later in bars[n + 1 :]:
            if later.of.starts_at >= bar.of.ends_at or len(found) == BRACKETS:
                break
            if collide(bar.of, later.of):
                after = "left" in (bar.side, later.side)
                at = min(axis.slot(min(bar.of.ends_at, later.of.ends_at) if after else later.of.starts_at), axis.length - 1)
                row = min(bar.row, later.row)
                found.append(Clash(bar.of, later.of, at // SLOTS, at % SLOTS, row, abs(bar.row - later.row), after))
    return found


def spot(item: Timed, axis: Axis) -> Spot | None:
    """None where nothing of it is seen. At least one slot long."""
    if item.ends_at <= axis.since or item.starts_at >= axis.until:
        return None
    begin = min(axis.slot(item.starts_at), axis.length - 1)
    length = max(axis.slot(item.ends_at) - begin, 1)
    return Spot(begin // SLOTS, begin % SLOTS, length % SLOTS, length // SLOTS, item.starts_at < axis.since, item.ends_at > axis.until)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a bar with its label takes of its row; `start` and `end` are the bar's own."""

    begin: int
    finish: int
    start: int
    end: int
    side: str


def takes(place: Spot, axis: Axis) -> Taken:
    start = place.column * SLOTS + place.x
    end = start + place.whole * SLOTS + place.w
    if end + axis.label <= axis.length:
        return Taken(start, end + axis.label, start, end, "right")
    if start >= axis.label:
        return Taken(start - axis.label, end, start, end, "left")
    return Taken(start, end, start, end, "in")


def stack(items: Iterable[T], axis: Axis, most: int = ROWS) -> Lane[T]:
    """Bars by begin, the longer first; each in the first row where it and its label are free."""
    rows: list[list[Taken]] = []
    laid: list[tuple[T, Spot, int, Taken]] = []
    hidden = 0
    for item in sorted(items, key=lambda one: (one.starts_at, -(one.ends_at - one.starts_at))):
        place = spot(item, axis)
        if place is None:
            continue
        taken = takes(place, axis)
        row = next((n for n, there in enumerate(rows) if all(free(taken, other) for other in there)), len(rows))
        if row >= most:
            hidden += 1
            continue
        if row == len(rows):
            rows.append([])
        rows[row].append(taken)
        laid.append((item, place, row, taken))
    bars = tuple(Bar(item, place, row, room(taken, rows[row], axis), taken.side) for item, place, row, taken in laid)
    return Lane(bars, max(len(rows), 1), hidden)


def free(one: Taken, other: Taken) -> bool:
    return one.finish <= other.begin or one.begin >= other.finish


def room(mine: Taken, row: list[Taken], axis: Axis) -> int:
    """How wide bar and label may become before they meet the next, in twenty-fourths of a column. Where two labels grow towards each
    other, each has half of what lies between; on a narrow axis one before its bar does not grow."""
    if mine.side == "left" and axis.narrow:
        width = mine.end - mine.begin
    elif mine.side == "left":
        before = max((other for other in row if other.finish <= mine.begin), key=lambda other: other.finish, default=None)
        width = mine.end - (0 if before is None else before.finish)
        width -= (mine.begin - before.finish) // 2 if before is not None and before.side == "right" else 0
    else:
        after = min((other for other in row if other.begin >= mine.finish), key=lambda other: other.begin, default=None)
        width = (axis.length if after is None else after.begin) - mine.start
        width -= (after.begin - mine.finish) // 2 if after is not None and after.side == "left" and not axis.narrow else 0
    return max(1, min((width - SHORTEST) * 24 // SLOTS, ROOM))
