"""API tokens: issued once, shown once, stored as a digest."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from windows.access.roles import Actor, Verb
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import ApiToken
from windows.catalogue.queries import token_digest
from windows.errors import Forbidden, Invalid, NotFound

PREFIX = "rw_"
LONGEST = timedelta(days=365)
KNOWN = frozenset(verb.value for verb in Verb)


@transaction.atomic(durable=True)
def issue_token(actor: Actor, name: str, scopes: Collection[str], expires_at: datetime) -> tuple[ApiToken, str]:
    """A token for the actor's own account and its secret, which is never to be seen again: `rw_` and 256 random bits.

    Only a signed-in person issues tokens: one token could otherwise make itself a wider or longer-lived one. What the token may do
    is both within `scopes` (values of Verb) and within what its person may do at that moment.
    """
    if actor.person_id is None or actor.scopes is not None:
        raise Forbidden("Only a signed-in person issues tokens.", verb="issue_token")
    if not 0 < len(name.strip()) <= 120:
        raise Invalid("Name the token, in at most 120 characters.", field="name")
    if unknown := sorted(set(scopes) - KNOWN):
        raise Invalid(f"There is no scope “{unknown[0]}”. Scopes are: {', '.join(sorted(KNOWN))}.", field="scopes")
    if not scopes:
        raise Invalid("Choose at least one scope.", field="scopes")
    if expires_at.tzinfo is None:
        raise Invalid("Give the expiry with its time zone.", field="expires_at")
    now = clock()
    if not now < expires_at <= now + LONGEST:
        raise Invalid("The expiry must lie within the next 365 days.", field="expires_at")
    raw = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        person_id=actor.person_id,
        name=name.strip(),
        digest=token_digest(raw),
        hint=raw[:8],
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    record("token.issued", actor, f"token:{token.hint}", data={"id": token.pk, "name": token.name, "scopes": token.scopes})
    return token, raw


@transaction.atomic(durable=True)
def revoke_token(actor: Actor, token_id: int) -> None:
    """End a token: one's own, or anybody's as administrator, when signed in. Others learn not even that it is there. Twice is once."""
    if actor.scopes is not None:
        raise Forbidden("Only a signed-in person revokes tokens.", verb="revoke_token")
    token = ApiToken.objects.select_for_update().filter(pk=token_id).first()
    if token is None or not (token.person_id == actor.person_id or actor.administrator):
        raise NotFound("There is no such token here.")
    if token.revoked_at is None:
        token.revoked_at = clock()
        token.save(update_fields=["revoked_at"])
        record("token.revoked", actor, f"token:{token.hint}", data={"id": token.pk, "name": token.name, "person_id": token.person_id})
