"""Requests for approval as surfaces show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windows.access.roles import Actor, Verb, require
from windows.approvals.models import ApprovalRequest, Reminder, RequestStatus
from windows.approvals.policy import Signature, told, told_by_turn
from windows.approvals.queries.delegations import may_sign_for, seated_in
from windows.approvals.queries.material import roles_now
from windows.approvals.queries.signing import signable, turn_now
from windows.approvals.queries.standing import barred_from, empty_places, signatures_of, wanted_places
from windows.approvals.queries.waiting import waiting_for
from windows.lifecycle.states import WindowStatus
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of


@dataclass(frozen=True, slots=True)
class SignatureView:
    """One decision; `counts` is whether it does at this moment."""

    name: str
    decision: str
    roles: tuple[str, ...]
    reason: str
    at: datetime
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """One request: what the policy demands, who signed, what is missing, why it lapsed."""

    window: str
    number: int
    status: str
    policy: str
    requires: tuple[str, ...]
    missing: tuple[str, ...]
    later: tuple[str, ...]  # those of them whose turn has not come
    separate_executor: bool
    digest: str
    requester: str
    requested_at: datetime
    decided_at: datetime | None
    lapsed_because: tuple[dict[str, Any], ...]
    conflicts: tuple[dict[str, Any], ...]
    conflict_reason: str
    signatures: tuple[SignatureView, ...]
    may_sign: bool  # the viewer, now


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A window that waits for the viewer's signature."""

    window_id: int
    reference: str
    title: str
    starts_at: datetime
    ends_at: datetime
    requested_at: datetime
    policy: str
    missing: tuple[str, ...]


def steps_taken(window_id: int) -> list[str]:
    """The steps of approvals.reminding that its open request has behind it; one query."""
    return list(Reminder.objects.filter(request__window=window_id, request__status=RequestStatus.OPEN.value).values_list("step", flat=True))


def approval_view(window_id: int, viewer: Actor) -> list[ApprovalView]:
    """Every request of a window, the newest first; NotFound where the window is not for the viewer's eyes."""
    window = Window.objects.select_related("team").filter(pk=window_id).first()
    subject = subject_of(window or window_id)
    require(viewer, Verb.READ, subject)
    assert window is not None
    rows = (
        ApprovalRequest.objects.filter(window=window_id)
        .select_related("requester")
        .prefetch_related("approvals__approver", "approvals__on_behalf_of")
    )
    found = list(rows.order_by("-number"))
    signatures = signatures_of({row.pk: barred_from(window, row) for row in found})
    return [view_of(window, row, viewer, signatures.get(row.pk, [])) for row in found]


def view_of(window: Window, request: ApprovalRequest, viewer: Actor, signed: list[Signature]) -> ApprovalView:
    barred = barred_from(window, request)
    counting = {signature.person_id for signature in signed}
    signatures = tuple(
        SignatureView(
            f"{row.approver.name} for {row.on_behalf_of.name}" if row.on_behalf_of else row.approver.name,
            row.decision,
            tuple(f"{role} of {team}" for team, role in row.roles),
            row.reason,
            row.at,
            (row.on_behalf_of_id or row.approver_id) in counting,
        )
        for row in sorted(request.approvals.all(), key=lambda row: row.pk)
    )
    wanted, empty = wanted_places(request, request.material), empty_places(request, request.material, signed)
    now, later = told_by_turn(wanted, empty)
    open_now = request.status == RequestStatus.OPEN and window.status == WindowStatus.REQUESTED
    status = window.status if request.status == RequestStatus.OPEN and not open_now else request.status  # cancelled while it waited
    return ApprovalView(
        window=window.reference,
        number=request.number,
        status=status,
        policy=request.policy,
        requires=tuple(told(wanted)),
        missing=(*now, *later) if open_now else (),
        later=tuple(later) if open_now else (),
        separate_executor=request.separate_executor,
        digest=request.digest,
        requester=request.requester.name,
        requested_at=request.requested_at,
        decided_at=request.decided_at,
        lapsed_because=tuple(request.lapsed_because),
        conflicts=tuple(request.conflicts),
        conflict_reason=request.conflict_reason,
        signatures=signatures,
        may_sign=open_now and may_sign(request, barred, viewer, signed),
    )


def may_sign(request: ApprovalRequest, barred: frozenset[int], viewer: Actor, signed: list[Signature]) -> bool:
    person_id = viewer.person_id
    if person_id is None or person_id in barred or any(row.approver_id == person_id for row in request.approvals.all()):
        return False
    if viewer.scopes is not None and Verb.APPROVE.value not in viewer.scopes:
        return False
    turn = turn_now(request, signed)
    own = signable(request, person_id, roles_now({person_id}).get(person_id, frozenset()), turn) and person_id not in seated_in(request)
    return bool(own or may_sign_for(request, person_id, barred, turn))


def awaiting(viewer: Actor) -> list[Awaiting]:
    """The windows that wait for this viewer, the next to begin first. The number of statements does not follow how many."""
    mine = waiting_for(viewer)
    signatures = signatures_of({request.pk: barred_from(request.window, request) for request in mine})
    found = []
    for request in mine:
        window, empty = request.window, empty_places(request, request.material, signatures.get(request.pk, []))
        when = (window.starts_at, window.ends_at, request.requested_at)
        found.append(Awaiting(window.pk, window.reference, window.title, *when, request.policy, tuple(told(empty))))
    return found
