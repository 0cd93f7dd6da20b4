"""What of a window's life those whom it touches hear of, and who does. Pure.

Drafts are told to nobody. What is told already in another way is not told twice: an approval within a day of the start is what the notice
ahead says, and on-call and the window's own people are paged about an overrun.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from windows.lifecycle.states import WindowStatus

AHEAD = timedelta(days=1)  # so long before its start a window is told; one that is approved later, at once


class What(StrEnum):
    PLANNED = "planned"
    APPROVED = "approved"
    MOVED = "moved"
    CALLED_OFF = "called_off"
    BEGUN = "begun"
    LONGER = "longer"
    OVERRAN = "overran"
    ENDED = "ended"


KINDS = {  # of entries of the trail
    "window.requested": What.PLANNED,
    "window.approved": What.APPROVED,
    "window.amended": What.MOVED,
    "window.rejected": What.CALLED_OFF,
    "window.withdrawn": What.CALLED_OFF,
    "window.cancelled": What.CALLED_OFF,
    "window.expired": What.CALLED_OFF,
    "window.started": What.BEGUN,
    "window.extended": What.LONGER,
    "run.overran": What.OVERRAN,
    "window.completed": What.ENDED,
    "window.rolled_back": What.ENDED,
    "window.failed": What.ENDED,
}
PERIOD = ("starts_at", "ends_at")


def what(kind: str, data: Mapping[str, Any], status: str, starts_at: datetime, now: datetime) -> What | None:
    """What this entry of the trail means to those whom the window touches; None where they need not hear of it. `status` and `starts_at`
    are the window's now."""
    found = KINDS.get(kind)
    if found is What.PLANNED and status != WindowStatus.REQUESTED:
        return None  # overtaken: what it became is told
    if found is What.APPROVED and (status != WindowStatus.APPROVED or starts_at <= now + AHEAD):
        return None
    if found in (What.BEGUN, What.LONGER, What.OVERRAN) and status != WindowStatus.RUNNING:
        return None
    if found is What.MOVED and status not in (WindowStatus.REQUESTED, WindowStatus.APPROVED):
        return None
    if found is What.MOVED and not any(name in data.get("changed", {}) for name in PERIOD):
        return None
    return found


@dataclass(frozen=True, slots=True)
class Around:
    """Those near a window, by address: on call for the teams that it touches, owners of those teams that did not plan it, its own people,
    and who did what is told. `may_see` are those of them who may know of it; None where everybody may."""

    on_call: Collection[str]
    owners: Collection[str]
    own: Collection[str] = ()
    did: str = ""
    may_see: Collection[str] | None = None


def hearers(about: What, around: Around) -> list[str]:
    """Each once, however many roles they have; nobody of their own act, and of a confidential window nobody who may not see it."""
    people = set(around.on_call) | set(around.owners)
    if about is What.OVERRAN:
        people -= {*around.on_call, *around.own}
    if around.may_see is not None:
        people &= set(around.may_see)
    return sorted(people - {around.did})
