"""An emergency begins by right and is answered for afterwards: until when, and what is said meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LOOKS_BACK = timedelta(days=90)  # whose emergencies are counted


class Owed(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"
    APPROVED = "approved"
    LATE = "approved late"
    REJECTED = "rejected"


class Telling(StrEnum):
    REMINDED = "reminded"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often emergencies began by right, and what became of their approvals."""

    begun: int = 0
    in_time: int = 0
    late: int = 0
    rejected: int = 0
    open: int = 0
    overdue: int = 0


def owed(due_at: datetime, decision: str, decided_at: datetime | None, now: datetime) -> Owed:
    """Where the approval of an emergency stands. `decision` is "" while nobody has decided."""
    if decision == "rejected":
        return Owed.REJECTED
    if decided_at is not None:
        return Owed.APPROVED if decided_at <= due_at else Owed.LATE
    return Owed.OPEN if now < due_at else Owed.OVERDUE


def to_be_told(begun_at: datetime, due_at: datetime, *, reminded: bool, told_overdue: bool, now: datetime) -> Telling | None:
    """What must be said of one that nobody has decided: a reminder when a quarter of its time is left, then once that it is overdue."""
    if now >= due_at:
        return None if told_overdue else Telling.OVERDUE
    return Telling.REMINDED if not reminded and now >= due_at - (due_at - begun_at) / 4 else None


def tally(found: Iterable[Owed]) -> Tally:
    counted = list(found)
    return Tally(
        begun=len(counted),
        in_time=counted.count(Owed.APPROVED),
        late=counted.count(Owed.LATE),
        rejected=counted.count(Owed.REJECTED),
        open=counted.count(Owed.OPEN),
        overdue=counted.count(Owed.OVERDUE),
    )
