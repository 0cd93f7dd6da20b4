"""What counters grew by: points of deltas as they are, of running totals the difference to the point before. Pure.

Source: OpenTelemetry metrics data model, "Resets and gaps". A running total that is seen for the first time tells only what came after
it, unless it began a moment ago; one that begins anew, or falls, begins at zero. Each point counts once, whatever it is sent with: good,
bad and total of a minute may come apart, in any order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from slo.budget import Ratio

MEMORY = 64  # so many points of deltas may overtake one another
FRESH = timedelta(minutes=5)  # so long ago a counter may have begun that all it holds happened now
Key = tuple[str, str]
Place = tuple[datetime, str]  # a minute in UTC, and the window it is tagged with


@dataclass(frozen=True, slots=True)
class Point:
    """One point of one counter; `part` is what it counts for: good, bad, total."""

    part: str
    stream: str
    began: datetime | None
    at: datetime
    value: int
    is_delta: bool
    window: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """How far a counter was counted: of a running total the newest point; of deltas the times of the newest MEMORY points."""

    began: datetime | None
    at: datetime
    value: int
    told: tuple[datetime, ...] = ()  # in order; of a running total empty

    def has(self, delta: Point) -> bool:
        """Whether this delta was counted; one from before all that is remembered is taken to be."""
        return delta.at in self.told or (len(self.told) >= MEMORY and delta.at < self.told[0])


@dataclass(frozen=True, slots=True)
class Growth:
    """What is new in one minute under one window's tag. Good may be below 0, or more than the total: the rest came before or will come."""

    minute: datetime
    window: str
    good: int
    total: int
    at: datetime
    key: str

    @property
    def place(self) -> Place:
        return self.minute, self.window


def grown(points: Iterable[Point], held: Mapping[Key, Held]) -> tuple[list[tuple[Point, int]], dict[Key, Held]]:
    """Each point that is new with the events it adds, and how far every counter is counted then."""
    after, found = dict(held), list[tuple[Point, int]]()
    for one in sorted(points, key=lambda point: point.at):
        before = after.get((one.part, one.stream))
        if one.is_delta:
            if before is not None and before.has(one):
                continue
            told = (*(before.told if before else ()), one.at)
            after[one.part, one.stream] = Held(one.began, max(told), 0, tuple(sorted(told)[-MEMORY:]))
            found.append((one, one.value))
            continue
        if before is not None and one.at <= before.at:
            continue
        after[one.part, one.stream] = Held(one.began, one.at, one.value)
        if before is None or before.told:
            found.append((one, one.value if one.began is not None and one.at - one.began <= FRESH else 0))
        elif one.value < before.value or (one.began is not None and before.began is not None and one.began > before.began):
            found.append((one, one.value))
        else:
            found.append((one, one.value - before.value))
    return found, after


def by_minute(increases: Iterable[tuple[Point, int]], *, by_bad: bool) -> list[Growth]:
    """What is new for each minute and window. `by_bad` says that bad ones are counted, not good ones."""
    groups: dict[Place, list[tuple[Point, int]]] = {}
    for one, events in increases:
        groups.setdefault((one.at.astimezone(UTC).replace(second=0, microsecond=0), one.window), []).append((one, events))
    found = []
    for (minute, window), inside in sorted(groups.items()):
        told = {part: sum(events for one, events in inside if one.part == part) for part in ("good", "bad", "total")}
        good = told["total"] - told["bad"] if by_bad else told["good"]
        if good or told["total"]:
            names = sorted(f"{one.part} {one.stream} {one.began} {one.at}" for one, _ in inside)
            digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:40]
            found.append(Growth(minute, window, good, told["total"], max(one.at for one, _ in inside), digest))
    return found


def settled(grew: Growth, had: Ratio, owed: int) -> tuple[Ratio, int]:
    """What a minute that has `had` takes of its growth, and how many good ones (below 0: bad ones) it still owes: what is good never
    becomes less than nothing or more than there is, and what must wait for that is not lost."""
    would = had.good + grew.good + owed
    good = min(max(would, 0), had.total + grew.total)
    return Ratio(good - had.good, grew.total), would - good
