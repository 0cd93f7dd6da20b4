"""What waits for somebody's signature. A few statements, whatever is stored: the rail counts it on every page."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from windows.access.roles import Actor, Verb, permitted
from windows.approvals.models import Approval, ApprovalRequest, RequestStatus
from windows.approvals.queries.delegations import Lender, lenders_of, places_lent, seated_in
from windows.approvals.queries.material import Roles
from windows.approvals.queries.signing import signable, turns_now
from windows.approvals.queries.standing import barred_from
from windows.catalogue.models import Person
from windows.lifecycle.states import WindowStatus
from windows.scheduling.queries import scopes_of, subject_from

MOST = 200  # a longer list is no list anybody works off


def open_requests() -> QuerySet[ApprovalRequest]:
    """The requests that somebody can still decide, the next window to begin first."""
    rows = ApprovalRequest.objects.filter(status=RequestStatus.OPEN.value, window__status=WindowStatus.REQUESTED.value)
    return rows.select_related("window__team", "requester").order_by("window__starts_at", "id")


def waiting_for(viewer: Actor) -> list[ApprovalRequest]:
    """The open requests that this viewer may sign now: by the roles the actor came with, or in the place of who delegated to them."""
    if viewer.person_id is None:
        return []
    mine = viewer.person_id
    signed = Approval.objects.filter(request=OuterRef("pk"), approver=mine)
    lenders = lenders_of(mine)
    named = Q(signers__contains=[[mine]])
    for lender in lenders:
        named |= Q(signers__contains=[[lender.id]])
    active = Person.objects.filter(pk=mine, is_active=True)
    rows = open_requests().filter(named, Exists(active)).exclude(Exists(signed))
    rows = rows.exclude(Q(requester=mine) | Q(window__created_by=mine) | Q(window__edited_by=mine))
    held = frozenset((team, role.value) for team, role in viewer.roles)
    if lenders:
        rows = rows.prefetch_related("approvals")
    found = list(rows[:MOST])
    turns = turns_now(found)
    return seen([row for row in found if mine_to_sign(row, mine, held, lenders, turns[row.pk])], viewer)


def mine_to_sign(request: ApprovalRequest, mine: int, held: Roles, lenders: list[Lender], turn: int | None) -> bool:
    if signable(request, mine, held, turn):
        return True
    return bool(lenders and places_lent(request, lenders, barred_from(request.window, request), seated_in(request), turn))


def waiting_count(viewer: Actor) -> int:
    return len(waiting_for(viewer))


def seen(requests: Sequence[ApprovalRequest], viewer: Actor) -> list[ApprovalRequest]:
    """Those whose window the viewer may see. A statement more where one is confidential."""
    secret = [row.window_id for row in requests if row.window.confidential]
    scopes = scopes_of(secret) if secret else {}
    return [
        row
        for row in requests
        if not row.window.confidential or permitted(viewer, Verb.READ, subject_from(row.window, scopes.get(row.window_id, ())))
    ]
