"""Which of somebody's roles may sign a request."""

from __future__ import annotations

from windows.approvals.models import ApprovalRequest
from windows.approvals.queries.material import Roles
from windows.approvals.queries.standing import wanted_places


def eligible_roles(request: ApprovalRequest, roles: Roles) -> Roles:
    """Of the roles somebody holds now, those that fit a place of the request."""
    wanted = wanted_places(request, request.material)
    return frozenset((team, role) for team, role in roles if any(place.fits([(team, role)]) for place in wanted))


def signable(request: ApprovalRequest, person_id: int, roles: Roles) -> Roles:
    """Those of them that were held when it was asked: a role gained later signs nothing."""
    then = {(team, role) for signer, team, role in request.signers if signer == person_id}
    return eligible_roles(request, roles) & then
