"""Verbs: issue an address that decides about one request, and decide by it. Once, until the window begins, as one person."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256

from windows.access.roles import Actor
from windows.approvals.commands.decisions import decided
from windows.approvals.models import ApprovalRequest, Decision, SigningLink
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.catalogue.queries import actor_for
from windows.errors import Conflict, NotFound
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import Window


def issue_link(request: ApprovalRequest, person: Person, expires_at: datetime) -> str:
    """The secret part of the address, which is stored nowhere. Inside the transaction of the mail that carries it."""
    raw = secrets.token_urlsafe(32)
    SigningLink.objects.create(request=request, person=person, hashed=hashed(raw), expires_at=expires_at)
    return raw


def hashed(raw: str) -> str:
    return sha256(raw.encode()).hexdigest()


def link_of(raw: str, now: datetime) -> tuple[SigningLink, Actor]:
    """The link, and the person it decides as. NotFound where it never was, or has expired; Conflict where it was used."""
    joins = ("person", "request__window", "request__requester")
    link = SigningLink.objects.select_related(*joins).filter(hashed=hashed(raw)).first()
    if link is None or link.expires_at <= now or not link.person.is_active:
        raise NotFound("This address is not valid, or no longer.")
    if link.used_at is not None:
        raise Conflict("This address was used already.", field="link")
    return link, actor_for(link.person, via="mail link")


@one_transaction
def decide_by_link(raw: str, decision: Decision | str, reason: str = "") -> Window:
    """`decide`, as the person the address was sent to and about the very request it was sent for: where that changed, Conflict."""
    now = clock()
    link, actor = link_of(raw, now)
    if not SigningLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
        raise Conflict("This address was used already.", field="link")
    return decided(actor, link.request.window_id, decision, reason, only=link.request_id)
