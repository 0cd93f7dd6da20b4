"""Who signs in whose place now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from windows.approvals.models import ApprovalRequest, Delegation
from windows.approvals.queries.material import Roles, roles_now
from windows.approvals.queries.signing import signable


@dataclass(frozen=True, slots=True)
class Lender:
    """Somebody whose place may be taken now, with the roles they hold now."""

    id: int
    name: str
    roles: Roles


def in_force() -> QuerySet[Delegation]:
    """The delegations that hold at this moment, by the database's clock."""
    return Delegation.objects.filter(revoked_at__isnull=True, starts_at__lte=Now(), ends_at__gt=Now(), delegator__is_active=True)


def lenders_of(person_id: int) -> list[Lender]:
    """In whose place this person may sign now. One statement, two more where there is somebody."""
    named = dict(in_force().filter(delegate=person_id).order_by("delegator__name").values_list("delegator", "delegator__name"))
    held = roles_now(set(named)) if named else {}
    return [Lender(pk, name, held.get(pk, frozenset())) for pk, name in named.items()]


def places_lent(
    request: ApprovalRequest, lenders: list[Lender], barred: frozenset[int], seated: set[int], turn: int | None = None
) -> list[tuple[Lender, Roles]]:
    """Those of them for whom somebody may sign this request, with the roles it counts for: neither barred nor seated already."""
    found = [(one, signable(request, one.id, one.roles, turn)) for one in lenders if one.id not in barred | seated]
    return [(one, roles) for one, roles in found if roles]


def seated_in(request: ApprovalRequest) -> set[int]:
    """Whose place is filled, for or against: the person signed for, else who signed."""
    return {row.on_behalf_of_id or row.approver_id for row in request.approvals.all()}


def delegations_of(person_id: int, most: int = 100) -> QuerySet[Delegation]:
    """Given and taken, the latest end first."""
    rows = Delegation.objects.filter(Q(delegator=person_id) | Q(delegate=person_id)).select_related("delegator", "delegate")
    return rows.order_by("-ends_at", "-id")[:most]


def is_over(row: Delegation, now: datetime) -> bool:
    return row.revoked_at is not None or row.ends_at <= now


def may_sign_for(request: ApprovalRequest, person_id: int, barred: frozenset[int], turn: int | None = None) -> list[Lender]:
    """In whose place this person may sign this very request, in this turn."""
    if person_id in barred or any(row.approver_id == person_id for row in request.approvals.all()):
        return []
    return [one for one, _ in places_lent(request, lenders_of(person_id), barred, seated_in(request), turn)]
