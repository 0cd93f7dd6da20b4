"""Verbs: move a window to the next free slot, or many out of a freeze. What that does to approvals is what any amendment does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from windows.access.roles import Actor, Verb, require
from windows.approvals.commands.amendments import AMENDABLE, amend_window
from windows.audit.clock import clock
from windows.errors import Conflict, Invalid, Refused
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.drafts import edit_draft
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of
from windows.scheduling.queries.free import next_free_slot, sought_for_window
from windows.scheduling.queries.freeze_moves import AT_ONCE, met, standing
from windows.scheduling.queries.freezes import FreezeView
from windows.scheduling.ranking import LONGEST_SEARCH, STEP

NOWHERE = f"In the {LONGEST_SEARCH.days} days after it there is no slot without a conflict."


@dataclass(frozen=True, slots=True)
class Wanted:
    """One window that is to move, as it was when that was decided. Without a time it moves to its next free slot after the freeze."""

    window_id: int
    version: int
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What became of one window: where it lies now, or the field that stands against it and why it stayed."""

    window_id: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    field: str = ""
    refused: str = ""

    @property
    def reference(self) -> str:
        return f"MW-{self.window_id}"


def move_to_next_free_slot(
    actor: Actor, window_id: int, version: int, *, reason: str = "", not_before: datetime | None = None, shown: datetime | None = None
) -> Window:
    """Move a draft, a requested or an approved window to the earliest later slot without a hard or soft conflict, 31 days ahead at most,
    and not before a time where one is given.

    The slot is looked for first and taken after, in the edit's own transaction: whoever was faster in between is named by its Conflict.
    Conflict(field="starts_at") where there is no such slot, or another than whoever decided was `shown`.
    """
    changes = next_free_of(actor, window_id, not_before)
    if shown is not None and changes["starts_at"] != shown:
        raise Conflict("The slot that was shown is no longer the next free one. Look which it is now.", field="starts_at")
    if Window.objects.only("status").get(pk=window_id).status == WindowStatus.DRAFT:
        return edit_draft(actor, window_id, changes, version)
    return amend_window(actor, window_id, changes, version, reason=reason)


def next_free_of(actor: Actor, window_id: int, not_before: datetime | None = None) -> dict[str, datetime]:
    """Where the window would be moved: its new starts_at and ends_at. Changes nothing; refuses as the move itself would."""
    require(actor, Verb.DRAFT, subject_of(window_id))
    window = Window.objects.only("starts_at", "status").get(pk=window_id)
    if window.status not in (WindowStatus.DRAFT, *AMENDABLE):
        raise Conflict(f"MW-{window_id} is {window.status}; only what has not begun is moved.", field="status")
    after = window.starts_at + timedelta(seconds=1)
    return next_free_after(actor, window_id, max(after, not_before) if not_before else after)


def next_free_after(actor: Actor, window_id: int, at: datetime) -> dict[str, datetime]:
    now = clock()
    since = max(at, now + STEP)
    slot = next_free_slot(sought_for_window(window_id, actor, since, since + LONGEST_SEARCH), actor, now)
    if slot is None:
        raise Conflict(NOWHERE, field="starts_at")
    return {"starts_at": slot.begins, "ends_at": slot.ends}


def move_out_of_freeze(
    actor: Actor, freeze_id: int, wanted: Sequence[Wanted], *, reason: str = "", every_time: bool = False
) -> list[Moved]:
    """Move windows out of a freeze, each in a transaction of its own: one that cannot stops no other, and stays as it was. With
    `every_time`, of one that recurs out of this time and all that follow.

    Answers in the order asked. Invalid where none or more than AT_ONCE are asked for, or one twice; NotFound and Conflict for a freeze
    that is not there or over. A window that was changed since, or lies in the freeze no more, is reported and left alone.
    """
    freezes = standing(freeze_id, clock(), every_time=every_time)
    if not 1 <= len(wanted) <= AT_ONCE:
        raise Invalid(f"Name one to {AT_ONCE} windows.", field="moves")
    if len({one.window_id for one in wanted}) < len(wanted):
        raise Invalid("Name each window once.", field="moves")
    return [moved_out(actor, freezes, one, reason) for one in wanted]


def moved_out(actor: Actor, freezes: list[FreezeView], wanted: Wanted, reason: str) -> Moved:
    try:
        require(actor, Verb.DRAFT, subject_of(wanted.window_id))
        window = Window.objects.defer("vevent").prefetch_related("scopes__service__team").get(pk=wanted.window_id)
        freeze = met(freezes, window)
        if freeze is None:
            raise Conflict("It does not lie in this freeze any more.", field="freeze")
        at = wanted.starts_at
        changes = {"starts_at": at, "ends_at": at + (window.ends_at - window.starts_at)} if at else None
        changes = changes or next_free_after(actor, window.pk, freeze.ends_at)
        window = amend_window(actor, window.pk, changes, wanted.version, reason=reason)
    except Refused as refusal:
        return Moved(window_id=wanted.window_id, field=getattr(refusal, "field", None) or refusal.slug, refused=refusal.detail)
    return Moved(window_id=window.pk, starts_at=window.starts_at, ends_at=window.ends_at)
