"""Verb: move a window to the next free slot. What that does to approvals is what any amendment does."""

from __future__ import annotations

from datetime import timedelta

from windows.access.roles import Actor, Verb, require
from windows.approvals.commands.amendments import AMENDABLE, amend_window
from windows.audit.clock import clock
from windows.errors import Conflict
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.drafts import edit_draft
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of
from windows.scheduling.queries.free import next_free_slot, sought_for_window
from windows.scheduling.ranking import LONGEST_SEARCH, STEP


def move_to_next_free_slot(actor: Actor, window_id: int, version: int, *, reason: str = "") -> Window:
    """Move a draft, a requested or an approved window to the earliest later slot without a hard or soft conflict, 31 days ahead at most.

    The slot is looked for first and taken after, in the edit's own transaction: whoever was faster in between is named by its Conflict.
    Conflict(field="starts_at") where there is no such slot.
    """
    require(actor, Verb.DRAFT, subject_of(window_id))
    window = Window.objects.only("starts_at", "status").get(pk=window_id)
    if window.status not in (WindowStatus.DRAFT, *AMENDABLE):
        raise Conflict(f"MW-{window_id} is {window.status}; only what has not begun is moved.", field="status")
    now = clock()
    since = max(window.starts_at + timedelta(seconds=1), now + STEP)
    slot = next_free_slot(sought_for_window(window_id, actor, since, since + LONGEST_SEARCH), actor, now)
    if slot is None:
        raise Conflict(f"In the {LONGEST_SEARCH.days} days after it there is no slot without a conflict.", field="starts_at")
    changes = {"starts_at": slot.begins, "ends_at": slot.ends}
    if window.status == WindowStatus.DRAFT:
        return edit_draft(actor, window_id, changes, version)
    return amend_window(actor, window_id, changes, version, reason=reason)
