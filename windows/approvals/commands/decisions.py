"""Verb: decide — approve or reject, by a person whom the policy names."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from windows.access.roles import Actor, Verb, visible
from windows.approvals.commands.requests import close_request, grant, in_force, refuse_hard
from windows.approvals.models import Approval, ApprovalRequest, Decision, RequestStatus
from windows.approvals.policy import Place, differences, digest, told, told_by_turn
from windows.approvals.queries.delegations import Lender, lenders_of, places_lent, seated_in
from windows.approvals.queries.material import Roles, material_of, roles_now
from windows.approvals.queries.signing import eligible_roles, signable, turn_now
from windows.approvals.queries.standing import barred_from, counted, empty_places, wanted_places
from windows.audit.commands import record
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling import texts
from windows.scheduling.commands.overriding import agree_by_signing, refuse_open
from windows.scheduling.commands.transactions import one_transaction, see_freezes
from windows.scheduling.commands.transitions import about, locked, move
from windows.scheduling.models import Window
from windows.scheduling.queries import conflicts_of, subject_of


@one_transaction
def decide(actor: Actor, window_id: int, decision: Decision | str, reason: str = "", *, on_behalf_of: int | None = None) -> Window:
    """Sign for or against the request in force. The last missing signature approves the window, one no rejects it. A signature for it, of
    who may override, is also the second person of soft conflicts; Conflict(field="override") while one lacks theirs at the last.

    Roles are read from the database at this moment; whoever asked, made or last edited the window is refused (four eyes), and so is
    their delegate. `on_behalf_of` names whose place is filled; without it one's own is, else that of the first who delegated.
    """
    return decided(actor, window_id, decision, reason, on_behalf_of=on_behalf_of)


def decided(
    actor: Actor, window_id: int, decision: Decision | str, reason: str, *, on_behalf_of: int | None = None, only: int | None = None
) -> Window:
    """`decide`, inside the caller's transaction. `only` is the id of the one request that may be decided."""
    try:
        decided = Decision(decision)
    except ValueError:
        raise Invalid("Choose approved or rejected.", field="decision") from None
    why = texts.lines(reason, "reason", required=decided is Decision.REJECTED)
    see_freezes()
    window = locked(window_id)
    subject = subject_of(window)
    if not visible(actor, subject):
        raise NotFound(f"There is no {subject.called} here.")
    request = in_force(window)
    if window.status != WindowStatus.REQUESTED or request is None or request.status != RequestStatus.OPEN:
        raise Conflict(f"{window.reference} is {window.status}; nothing waits for a signature.", field="status")
    if only not in (None, request.pk):
        raise Conflict(f"{window.reference} was changed, and approval was asked for anew. Look at it as it is now.", field="request")
    request.window = window
    lender, roles = place_to_fill(actor, window, request, on_behalf_of)
    sign(actor, request, decided, roles, why, lender=lender)
    told_roles = [f"{role} of {team}" for team, role in sorted(roles)]
    data: dict[str, Any] = {"request": request.number, "digest": request.digest, "roles": told_roles, "reason": why}
    if lender is not None:
        data["on_behalf_of"] = lender.name
    if decided is Decision.REJECTED:
        close_request(window, RequestStatus.REJECTED)
        return move(window_id, WindowStatus.REJECTED, actor, "window.rejected", expected=WindowStatus.REQUESTED, data=data)
    material = material_of(window_id)
    if digest(material) != request.digest:
        changed = differences(request.material, material)
        raise Conflict(
            f"{changed[0]['field']} changed since approval was asked for. Ask again.", field=changed[0]["field"], changed=changed
        )
    refuse_hard(conflicts_of(window_id, actor))
    agree_by_signing(actor, window)
    signed = counted(request, barred_from(window, request))
    empty = empty_places(request, material, signed)
    if empty:
        record("window.signed", actor, window.reference, window=window.reference, data={**about(window), **data, "missing": told(empty)})
        return window
    refuse_open(window)
    return grant(request, actor, {**data, "approvers": [signature.name for signature in signed]})


def place_to_fill(actor: Actor, window: Window, request: ApprovalRequest, on_behalf_of: int | None) -> tuple[Lender | None, Roles]:
    """Whose place the actor fills (None: their own), and the (team, role) pairs it counts for; Forbidden says which eye is missing."""
    if actor.person_id is None:
        raise Forbidden("Approval is given by a person.", verb=Verb.APPROVE.value)
    if actor.scopes is not None and Verb.APPROVE.value not in actor.scopes:
        raise Forbidden("This token lacks the scope “approve”.", verb=Verb.APPROVE.value)
    if actor.person_id in barred_from(window, request):
        raise Forbidden(
            "Who asked for a window, made it or edited it last may not approve it: it takes a second person.", verb=Verb.APPROVE.value
        )
    lenders, turn = lenders_of(actor.person_id), turn_now(request)
    if on_behalf_of is not None and on_behalf_of != actor.person_id:
        lenders = [one for one in lenders if one.id == on_behalf_of]
        if not lenders:
            raise Forbidden("Nobody with this id lets you sign in their place now.", verb=Verb.APPROVE.value)
    lent = places_lent(request, lenders, barred_from(window, request), seated_in(request), turn)
    if on_behalf_of is not None and lenders and on_behalf_of != actor.person_id:
        if not lent:
            detail = f"You cannot sign in the place of {lenders[0].name}: it is their own request, signed already, or not theirs to sign."
            raise Forbidden(detail, verb=Verb.APPROVE.value)
        return lent[0]
    held = roles_now({actor.person_id}).get(actor.person_id, frozenset())
    roles = signable(request, actor.person_id, held, turn)
    if roles:
        return None, roles
    if lent and on_behalf_of is None:
        return lent[0]
    if signable(request, actor.person_id, held):
        first, _ = told_by_turn(wanted_places(request, request.material), empty_now(request, window))
        raise Conflict(f"It is not your turn yet: {', '.join(first)} must sign first.", field="turn")
    if eligible_roles(request, held):
        detail = "You were given this role after approval was asked for; it does not count for this request."
    else:
        asked = ", ".join(told(wanted_places(request, request.material)))
        detail = f"{actor.name} holds no role that this policy asks for. It asks for: {asked}."
    raise Forbidden(detail, verb=Verb.APPROVE.value)


def empty_now(request: ApprovalRequest, window: Window) -> list[Place]:
    return empty_places(request, request.material, counted(request, barred_from(window, request)))


def sign(actor: Actor, request: ApprovalRequest, decision: Decision, roles: Roles, reason: str, *, lender: Lender | None) -> None:
    try:
        with transaction.atomic():
            Approval.objects.create(
                request=request,
                approver_id=actor.person_id,  # type: ignore[misc]  # never None here
                requester_id=request.requester_id,
                on_behalf_of_id=lender.id if lender else None,
                decision=decision.value,
                roles=sorted(map(list, roles)),
                reason=reason,
            )
    except IntegrityError as error:
        if "one_place_each_person" in str(error):
            raise Conflict("This place is filled already: somebody signed in it.", field="approver") from error
        if "one_approval_each" not in str(error):
            raise
        raise Conflict("You have signed this request already.", field="approver") from error
