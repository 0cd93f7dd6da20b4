"""What counters grew by: points of deltas as they are, of running totals the difference to the point before. Pure.

Source: OpenTelemetry metrics data model, "Resets and gaps". A running total that is seen for the first time tells only what came after
it, unless it began a moment ago; one that begins anew, or falls, begins at zero.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from slo.telemetry.readings import Push

FRESH = timedelta(minutes=5)  # so long ago a counter may have begun that all it holds happened now
Key = tuple[str, str]


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
    """How far a running total was counted."""

    began: datetime | None
    at: datetime
    value: int


def grown(points: Iterable[Point], held: Mapping[Key, Held]) -> tuple[list[tuple[Point, int]], dict[Key, Held]]:
    """Each point with the events it adds, and how far every running total is counted then. A point older than that adds nothing."""
    after, found = dict(held), list[tuple[Point, int]]()
    for one in sorted(points, key=lambda point: point.at):
        if one.is_delta:
            found.append((one, one.value))
            continue
        before = after.get((one.part, one.stream))
        if before is not None and one.at <= before.at:
            continue
        after[one.part, one.stream] = Held(one.began, one.at, one.value)
        if before is None:
            found.append((one, one.value if one.began is not None and one.at - one.began <= FRESH else 0))
        elif one.value < before.value or (one.began is not None and before.began is not None and one.began > before.began):
            found.append((one, one.value))
        else:
            found.append((one, one.value - before.value))
    return found, after


def samples(increases: Iterable[tuple[Point, int]], source: str, *, by_bad: bool) -> tuple[list[Push], int]:
    """One push for each minute and window, and how many minutes were left out because more was good (or bad) than there was at all.

    `by_bad` says that bad ones are counted, not good ones. A push's key is made of the points it came from, so the same points sent
    again count once."""
    groups: dict[tuple[datetime, str], list[tuple[Point, int]]] = {}
    for one, events in increases:
        groups.setdefault((one.at.astimezone(UTC).replace(second=0, microsecond=0), one.window), []).append((one, events))
    found, wrong = [], 0
    for (_, window), inside in sorted(groups.items()):
        told = {part: sum(events for one, events in inside if one.part == part) for part in ("good", "bad", "total")}
        good = told["total"] - told["bad"] if by_bad else told["good"]
        if not 0 <= good <= told["total"]:
            wrong += 1
        elif told["total"]:
            names = sorted(f"{one.part} {one.stream} {one.began} {one.at}" for one, _ in inside)
            digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:40]
            found.append(Push(digest, max(one.at for one, _ in inside), good, told["total"], source, window))
    return found, wrong
