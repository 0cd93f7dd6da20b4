"""Verbs: let somebody sign in one's place for a while, and take that back."""

from __future__ import annotations

from datetime import datetime, timedelta

from windows.access.roles import Actor, Role, Verb
from windows.approvals.models import Delegation
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Membership, Person
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction

LONGEST = timedelta(days=92)
MOST = 20  # that one person has given and that are not over


@one_transaction
def delegate(actor: Actor, email: str, starts_at: datetime, ends_at: datetime, reason: str = "") -> Delegation:
    """Let somebody sign in the actor's place between two moments, both aware. They learn of it. Nobody passes on what was lent to them.

    Invalid names `delegate`, `starts_at`, `ends_at` or `reason`; Forbidden for who signs nothing themselves.
    """
    person_id = signing(actor)
    held = Membership.objects.filter(person=person_id).exclude(role=Role.VIEWER.value)
    if not held.exists() and not actor.administrator:
        raise Forbidden("You hold no role that signs, so there is nothing to delegate.", verb=Verb.APPROVE.value)
    found = Person.objects.filter(email__iexact=texts.line(email, "delegate", longest=254, required=True), is_active=True).first()
    if found is None:
        raise Invalid("Nobody with this e-mail address has an account.", field="delegate")
    if found.pk == person_id:
        raise Invalid("Choose somebody else: you sign in your own place anyway.", field="delegate")
    if not Membership.objects.filter(person=found).exclude(role=Role.VIEWER.value).exists():
        raise Invalid(f"{found.name} holds no role but viewer anywhere, and may not sign for others.", field="delegate")
    now = clock()
    if ends_at <= max(starts_at, now):
        raise Invalid("It must end after it begins, and in the future.", field="ends_at")
    if starts_at > now + LONGEST * 4:
        raise Invalid("It must begin within a year.", field="starts_at")
    if ends_at - starts_at > LONGEST:
        raise Invalid(f"At most {LONGEST.days} days.", field="ends_at")
    why = texts.lines(reason, "reason")
    if Delegation.objects.filter(delegator=person_id, revoked_at__isnull=True, ends_at__gt=now).count() >= MOST:
        raise Conflict(f"You have {MOST} delegations that are not over. Revoke one first.", field="delegate")
    row = Delegation.objects.create(delegator_id=person_id, delegate=found, starts_at=starts_at, ends_at=ends_at, reason=why)
    period = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    record("delegation.given", actor, f"delegation:{row.pk}", data={"delegate": found.name, "reason": why, **period})
    said = f"From {starts_at:%Y-%m-%d %H:%M %Z} to {ends_at:%Y-%m-%d %H:%M %Z}. {why}".strip()
    reach(Saying(f"delegation:{row.pk}", Urgency.NOTICE, f"You sign in the place of {actor.name}", said), [found.email], [])
    return row


@one_transaction
def revoke_delegation(actor: Actor, delegation_id: int) -> None:
    """End a delegation now; what was signed under it stays. By who gave it, who has it, or an administrator; NotFound for others."""
    person_id = signing(actor)
    row = Delegation.objects.select_for_update(of=("self",)).select_related("delegate", "delegator").filter(pk=delegation_id).first()
    if row is None or not (person_id in (row.delegator_id, row.delegate_id) or actor.administrator):
        raise NotFound("There is no such delegation here.")
    if row.revoked_at is not None:
        raise Conflict("It was revoked already.", field="revoked_at")
    Delegation.objects.filter(pk=row.pk).update(revoked_at=clock())
    record("delegation.revoked", actor, f"delegation:{row.pk}", data={"delegate": row.delegate.name, "delegator": row.delegator.name})


def signing(actor: Actor) -> int:
    """The person who acts; Forbidden for the system and for a token that may not sign."""
    if actor.person_id is None or (actor.scopes is not None and Verb.APPROVE.value not in actor.scopes):
        raise Forbidden("Delegating takes a person, or a token with the scope “approve”.", verb=Verb.APPROVE.value)
    return actor.person_id
