"""Who can sign a request at this moment, as whom to tell."""

from __future__ import annotations

from collections.abc import Collection

from windows.access.roles import Role, Verb, permitted
from windows.approvals.models import ApprovalRequest
from windows.approvals.policy import Place
from windows.approvals.queries.delegations import in_force, seated_in
from windows.approvals.queries.material import roles_now
from windows.approvals.queries.signing import places_open, signable, turn_now
from windows.approvals.queries.standing import barred_from, counted
from windows.approvals.reminding import NEXT
from windows.catalogue.models import Person
from windows.catalogue.queries import actor_for, holders, sre_contacts
from windows.scheduling.queries import subject_of


def open_places(request: ApprovalRequest) -> list[Place]:
    """The places that can be filled now."""
    return places_open(request, counted(request, barred_from(request.window, request)))


def approvers_now(request: ApprovalRequest, places: Collection[Place]) -> list[Person]:
    """Who can fill one of the places now: who holds a role that was held when it was asked, and whom they let sign for them."""
    barred = barred_from(request.window, request)
    done = seated_in(request) | {row.approver_id for row in request.approvals.all()}
    asked = {signer for signer, _, _ in request.signers} - barred - done
    held, turn = roles_now(asked), turn_now(request)
    fits = {pk: signable(request, pk, roles, turn) for pk, roles in held.items()}
    own = {pk for pk, roles in fits.items() if any(place.fits(roles) for place in places)}
    lent = set(in_force().filter(delegator__in=own).values_list("delegate", flat=True)) - barred - done
    return readers(request, own | lent)


def next_in_line(request: ApprovalRequest, places: Collection[Place]) -> list[Person]:
    """Who hears of places that nobody fills: the next role of each, and who asked. They may not be able to sign."""
    found = {request.requester_id}
    for place in places:
        role = NEXT.get(place.role, Role.OWNER)
        if role is Role.ADMINISTRATOR:
            found |= set(Person.objects.filter(is_superuser=True, is_active=True).values_list("pk", flat=True))
        else:
            team = place.team or request.material["team"]
            found |= {one.id for one in (sre_contacts() if role is Role.SRE else holders([team], role))}
    return readers(request, found)


def readers(request: ApprovalRequest, ids: Collection[int]) -> list[Person]:
    """Of these people, by name: who is active and may see the window."""
    people = list(Person.objects.filter(pk__in=ids, is_active=True).order_by("name", "id"))
    if not request.window.confidential:
        return people
    subject = subject_of(request.window)
    return [one for one in people if permitted(actor_for(one, "delivery"), Verb.READ, subject)]
