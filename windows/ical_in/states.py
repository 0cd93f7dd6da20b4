"""What a provider says of its maintenance (MAINTNOTE, INTEROP §2)."""

from __future__ import annotations

from enum import StrEnum


class NoticeStatus(StrEnum):
    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"  # kept: an older notice that comes late must not revive it
    IN_PROCESS = "in_process"
    COMPLETED = "completed"


class Impact(StrEnum):
    NO_IMPACT = "no_impact"
    REDUCED_REDUNDANCY = "reduced_redundancy"
    DEGRADED = "degraded"
    OUTAGE = "outage"
    UNKNOWN = "unknown"  # a plain calendar says nothing of it


STANDS = frozenset({NoticeStatus.TENTATIVE, NoticeStatus.CONFIRMED, NoticeStatus.IN_PROCESS})  # it will be, or is, going on
