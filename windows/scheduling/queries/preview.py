"""What a pattern would make of a draft: the first occurrences, before anything is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from windows.scheduling.queries.series import HORIZON, STEP
from windows.scheduling.recurrence import Occurrence, Recurrence, occurrences

SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedView:
    """One occurrence to come. `clock_jumps` says that the clock jumps over its time: it begins later by the jump."""

    recurrence_id: str
    starts_at: datetime
    ends_at: datetime
    clock_jumps: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView:
    """The first occurrences, how many there are until `known_until`, and the first few over which the clock jumps."""

    first: tuple[PreviewedView, ...]
    number: int
    known_until: datetime
    over_jumps: tuple[PreviewedView, ...]


def preview(of: Recurrence, lasts: timedelta, now: datetime) -> PreviewView:
    """Invalid as `occurrences`. Asks no database."""
    until = now + HORIZON + STEP
    found = [previewed(one, of.zone, lasts) for one in occurrences(of, now - timedelta(days=1), until)]
    jumps = tuple(one for one in found if one.clock_jumps)
    return PreviewView(first=tuple(found[:SHOWN]), number=len(found), known_until=until, over_jumps=jumps[:3])


def previewed(one: Occurrence, zone: str, lasts: timedelta) -> PreviewedView:
    local = one.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return PreviewedView(recurrence_id=one.wall.isoformat(), starts_at=one.at, ends_at=one.at + lasts, clock_jumps=local != one.wall)
