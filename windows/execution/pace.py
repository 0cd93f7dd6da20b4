"""How long what is left will take, by how long it took lately. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """A step's mean over the last runs of its runbook, forward and back. None: it was never measured."""

    forward: timedelta | None = None
    undo: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """One thing still to be done: how long it usually takes, and since when it is under way (None: not begun)."""

    usual: timedelta | None
    since: datetime | None = None


def left(stretches: Iterable[Stretch], now: datetime) -> timedelta | None:
    """The sum of what is usual, less what is used already; nothing takes less than no time. None where one was never measured."""
    total = timedelta()
    for one in stretches:
        if one.usual is None:
            return None
        used = max(now - one.since, timedelta()) if one.since else timedelta()
        total += max(one.usual - used, timedelta())
    return total
