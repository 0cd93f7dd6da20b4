"""A trace as a waterfall: its spans as rows, each under its parent, with its place on the trace's time axis. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

SCALE = 1000  # the axis has so many parts: whole numbers place a bar
DEEPEST = 12  # levels that are still indented


class Timed(Protocol):
    """What of a span decides where it stands."""

    @property
    def key(self) -> str: ...

    @property
    def parent(self) -> str: ...

    @property
    def begins_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Place:
    """`span` is an index into the spans that were given; `left` and `width` in parts of SCALE, never without any width."""

    span: int
    depth: int
    left: int
    width: int
    after: timedelta  # from the beginning of the trace


def waterfall(spans: Sequence[Timed]) -> list[Place]:
    """Every span once, parents before their children, brothers by their beginning. A span whose parent is not here, or is its own
    descendant, stands at the top."""
    if not spans:
        return []
    order = sorted(range(len(spans)), key=lambda n: (spans[n].begins_at, spans[n].ends_at, spans[n].key))
    named = {spans[n].key: n for n in reversed(order)}
    children: dict[int | None, list[int]] = {}
    for n in order:
        parent = named.get(spans[n].parent) if spans[n].parent else None
        children.setdefault(None if parent == n else parent, []).append(n)
    begin, end = min(one.begins_at for one in spans), max(one.ends_at for one in spans)
    found: list[Place] = []
    seen: set[int] = set()
    for top in (*children.get(None, ()), *order):  # the second time round: what hangs in a circle
        waiting = [(top, 0)]
        while waiting:
            n, depth = waiting.pop()
            if n not in seen:
                seen.add(n)
                found.append(placed(spans[n], n, depth, begin, end))
                waiting.extend((child, depth + 1) for child in reversed(children.get(n, ())))
    return found


def placed(one: Timed, n: int, depth: int, begin: datetime, end: datetime) -> Place:
    whole = max(end - begin, timedelta(microseconds=1))
    left = min(SCALE * (one.begins_at - begin) // whole, SCALE - 4)
    width = min(max(SCALE * (one.ends_at - one.begins_at) // whole, 4), SCALE - left)
    return Place(n, min(depth, DEEPEST), left, width, one.begins_at - begin)
