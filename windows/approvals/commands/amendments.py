"""Verb: amend a window that was asked for or approved. What approvals are bound to lapses them, visibly; the rest does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windows.access.roles import Actor, Verb, require
from windows.approvals.commands.requests import acceptable, answer_soft, close_request, in_force, open_request
from windows.approvals.models import ApprovalRequest, Decision, RequestStatus
from windows.approvals.policy import differences
from windows.approvals.queries.material import material_of
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict
from windows.lifecycle.states import WindowStatus
from windows.scheduling import texts
from windows.scheduling.commands.drafts import apply
from windows.scheduling.commands.editing import check_version
from windows.scheduling.commands.transactions import line_up_for_rules, one_transaction, see_freezes
from windows.scheduling.commands.transitions import about, keep_slot, locked, move
from windows.scheduling.conflicts import ConflictKind
from windows.scheduling.models import Window
from windows.scheduling.queries import conflicts_of, subject_of
from windows.scheduling.queries.overrides import open_conflicts

PEOPLE = {"owner_id", "coordinator_id", "deputy_id"}
AMENDABLE = (WindowStatus.REQUESTED.value, WindowStatus.APPROVED.value)


@one_transaction
def amend_window(
    actor: Actor, window_id: int, changes: Mapping[str, Any], version: int, *, reason: str = "", together: bool = False
) -> Window:
    """Change a requested or approved window. A material change ends the request in force as lapsed, naming the fields with before
    and after, and opens a new one: the window is requested (again). Any other change leaves the approvals and tells the approvers.

    Stale, Conflict and Invalid as for a draft; `together` as there; `reason` answers soft conflicts as in `request_window`.
    """
    return amended(actor, window_id, changes, version, reason=reason, together=together)


def amended(
    actor: Actor, window_id: int, changes: Mapping[str, Any], version: int | None, *, reason: str = "", together: bool = False
) -> Window:
    """`amend_window`, inside the caller's transaction; without a version, whatever is in force."""
    see_freezes()
    line_up_for_rules()
    window = locked(window_id)
    require(actor, Verb.DRAFT, subject_of(window))
    if window.status not in AMENDABLE:
        raise Conflict(f"{window.reference} is {window.status}; only a requested or approved window is amended.", field="status")
    if version is not None:
        check_version(window, version)
    why = texts.lines(reason, "reason")
    request = in_force(window)
    bound, edited_by = (request.material if request else material_of(window_id)), window.edited_by_id
    changed = apply(actor, window, changes, together=together)
    if not changed:
        return window
    differs = differences(bound, material_of(window_id))
    data = {**about(window), "changed": changed, "version": window.version, "approvers": approvers(request)}
    if not differs:
        if PEOPLE & set(changed):
            answer_for_people(actor, window, why)
        Window.objects.filter(pk=window_id).update(edited_by=edited_by)  # the last editor of what approvals bind to is still the same
        keep_slot(window, new=True)
        record("window.amended", actor, window.reference, window=window.reference, data={**data, "approvals": "stay"})
        return window
    return lapse(actor, window, differs, data, why)


def answer_for_people(actor: Actor, window: Window, reason: str) -> None:
    """Whoever was named may be wanted elsewhere at the same time: better asked for a reason now than refused at the start."""
    now = clock()
    unasked, _ = open_conflicts(window, now)
    twice = [finding for finding in unasked if finding.kind is ConflictKind.PERSON]
    if twice:
        seen = [finding for finding in conflicts_of(window.pk, actor, now) if finding.kind is ConflictKind.PERSON]
        answer_soft(actor, window, twice, reason, seen)


def lapse(actor: Actor, window: Window, differs: list[dict[str, Any]], data: dict[str, Any], reason: str) -> Window:
    """The approvals lapse and are asked for anew, in the same edit: calendars hear of one change."""
    close_request(window, RequestStatus.LAPSED, lapsed_because=differs)
    told = {**data, "approvals": "lapsed", "because": differs}
    if window.status == WindowStatus.APPROVED:
        window = move(window.pk, WindowStatus.REQUESTED, actor, "window.amended", expected=WindowStatus.APPROVED, data=told, same_edit=True)
    else:
        record("window.amended", actor, window.reference, window=window.reference, data=told)
    keep_slot(window, new=True)
    findings = acceptable(actor, window, reason)
    return open_request(actor, window, findings, reason)


def approvers(request: ApprovalRequest | None) -> list[dict[str, Any]]:
    """Who signed, as values: they are told."""
    if request is None:
        return []
    rows = request.approvals.filter(decision=Decision.APPROVED.value).select_related("approver").order_by("id")
    return [{"id": row.approver_id, "name": row.approver.name, "email": row.approver.email} for row in rows]
