"""Verb: accept that what critical services tell may lack the window's tag (N13)."""

from __future__ import annotations

from windows.access.roles import Actor, Verb, require
from windows.audit.commands import record
from windows.errors import Conflict, Forbidden
from windows.execution.commands.holding import said
from windows.execution.models import AcceptedGap
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked
from windows.scheduling.queries import subject_of

AHEAD = {WindowStatus.DRAFT, WindowStatus.REQUESTED, WindowStatus.APPROVED}


@one_transaction
def accept_gap(actor: Actor, window_id: int, reason: str) -> AcceptedGap:
    """Answer by name for a window whose canary did not come back from everything that is critical. For this window only."""
    require(actor, Verb.OVERRIDE, subject_of(window_id))
    if actor.person_id is None:
        raise Forbidden("Only people accept that telemetry lacks its tag.", verb=Verb.OVERRIDE.value)
    window = locked(window_id)
    why = said(actor, reason)
    if window.status not in AHEAD:
        raise Conflict(f"{window.reference} is {window.status.replace('_', ' ')}: only what lies ahead is accepted.", field="status")
    row, is_new = AcceptedGap.objects.get_or_create(
        window=window, defaults={"person_id": actor.person_id, "reason": why.removeprefix(f"{actor.name}: ")}
    )
    if not is_new:
        raise Conflict(f"It was accepted already, by {row.person.name}.", field="reason")
    record("window.gap_accepted", actor, window.reference, window=window.reference, data={"reason": why, "title": window.title})
    return row
