"""Which of somebody's roles may sign a request, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable

from windows.approvals.models import ApprovalRequest
from windows.approvals.policy import Place, Signature, turn_of
from windows.approvals.queries.material import Roles
from windows.approvals.queries.standing import barred_from, counted, empty_places, signatures_of, wanted_places


def turn_now(request: ApprovalRequest, signed: list[Signature] | None = None) -> int | None:
    """The turn that is signed now; None where the policy asks for no order, which takes no statement. `signed` is what counts, if known."""
    wanted = wanted_places(request, request.material)
    if len({place.turn for place in wanted}) < 2:
        return None
    counts = counted(request, barred_from(request.window, request)) if signed is None else signed
    return turn_of(wanted, empty_places(request, request.material, counts))


def turns_now(requests: Iterable[ApprovalRequest]) -> dict[int, int | None]:
    """`turn_now` of each, by its id. Two statements more where some of their policies ask for an order, however many do."""
    rows = list(requests)
    ordered = {row.pk: barred_from(row.window, row) for row in rows if len({one.turn for one in wanted_places(row, row.material)}) > 1}
    signed = signatures_of(ordered)
    return {row.pk: turn_now(row, signed.get(row.pk, [])) for row in rows}


def places_open(request: ApprovalRequest, signed: list[Signature]) -> list[Place]:
    """The empty places whose turn has come."""
    empty = empty_places(request, request.material, signed)
    turn = turn_of(wanted_places(request, request.material), empty)
    return [place for place in empty if turn is None or place.turn <= turn]


def eligible_roles(request: ApprovalRequest, roles: Roles, turn: int | None = None) -> Roles:
    """Of the roles somebody holds now, those that fit a place of the request, of this turn or an earlier one."""
    wanted = [place for place in wanted_places(request, request.material) if turn is None or place.turn <= turn]
    return frozenset((team, role) for team, role in roles if any(place.fits([(team, role)]) for place in wanted))


def signable(request: ApprovalRequest, person_id: int, roles: Roles, turn: int | None = None) -> Roles:
    """Those of them that were held when it was asked: a role gained later signs nothing."""
    then = {(team, role) for signer, team, role in request.signers if signer == person_id}
    return eligible_roles(request, roles, turn) & then
