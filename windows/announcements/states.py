"""What the public sees of a window. Pure; the names are Statuspage's (INTEROP §1)."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from windows.lifecycle.states import WindowStatus


class PublicStatus(StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"


P, W = PublicStatus, WindowStatus
ENDED = {
    W.COMPLETED: "The maintenance is complete.",
    W.ROLLED_BACK: "The change did not go well and was taken back.",
    W.FAILED: "The maintenance was stopped.",
}
CALLED_OFF = "This maintenance will not take place."
SENTENCES = {
    P.SCHEDULED: "The maintenance is planned.",
    P.IN_PROGRESS: "The maintenance has begun.",
    P.VERIFYING: "The work is done; we are checking that everything is well.",
}


def public_status(window: WindowStatus, is_validating: bool, was_shown: bool) -> PublicStatus | None:
    """None where the public is not told: before it was approved, and called off before anybody was told."""
    match window:
        case W.DRAFT | W.REQUESTED:
            return None
        case W.APPROVED:
            return P.SCHEDULED
        case W.RUNNING:
            return P.VERIFYING if is_validating else P.IN_PROGRESS
        case W.COMPLETED | W.ROLLED_BACK | W.FAILED:
            return P.COMPLETED
        case _:
            return P.COMPLETED if was_shown else None


def sentence(status: PublicStatus, window: WindowStatus) -> str:
    """What is said by itself when a window comes to be in that state."""
    return SENTENCES.get(status) or ENDED.get(window, CALLED_OFF)


def moved(starts_at: datetime, ends_at: datetime) -> str:
    """What is said by itself when times that were told have changed. In UTC: the public has no zone."""
    begin, end = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
    until = f"{end:%H:%M}" if begin.date() == end.date() else f"{end.day} {end:%b %Y %H:%M}"
    return f"The times have changed: it is planned for {begin.day} {begin:%b %Y %H:%M} to {until} UTC."
