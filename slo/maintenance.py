"""What maintenance means for a budget: recorded adjustments as treatments of time. Pure.

An adjustment is written down before its minutes happen and never again: what runs over it is charged, and a window's end that is moved
afterwards changes nothing. A window that ended early gives the rest back by a second entry (COUNT), which always wins: excused time
can shrink, never grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slo.budget import Policy
from slo.intervals import Interval, clip, subtract

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record: how an objective's minutes in an interval are treated, under which window, by whose authority."""

    objective: str
    window: str
    interval: Interval
    policy: Policy
    slack: float = 0.0
    authority: str = ""
    approvers: Sequence[str] = field(default_factory=tuple)
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Treatment:
    """How bad events in these pieces of time count for the adjusted figure; see slo.budget.Policy. One slack, however many the pieces."""

    policy: Policy
    pieces: Sequence[Interval]
    slack: float = 0.0


def treatments(entries: Iterable[Entry]) -> list[Treatment]:
    """What is in force of one objective's record, in the order it was written: time that was given back is cut off first."""
    told = list(entries)
    found = []
    for one in told:
        if one.policy is not Policy.COUNT:
            returned = [other.interval for other in told if other.policy is Policy.COUNT and other.window == one.window]
            found.append(Treatment(one.policy, subtract([one.interval], returned), one.slack))
    return found


def disjoint(wanted: Iterable[Treatment], frame: Interval) -> list[Treatment]:
    """Clipped to the frame; where treatments overlap, the earlier in the list counts, so that each instant is treated once."""
    taken: list[Interval] = []
    found = []
    for one in wanted:
        pieces = subtract(clip(one.pieces, frame), taken)
        if pieces:
            found.append(Treatment(one.policy, pieces, one.slack))
            taken += pieces
    return found


def minute_of(instant: datetime) -> datetime:
    """The minute an instant lies in: measurements are counted by it."""
    return instant.replace(second=0, microsecond=0)


def minute_after(instant: datetime) -> datetime:
    """The first minute that begins at or after an instant."""
    begun = minute_of(instant)
    return begun if begun == instant else begun + MINUTE
