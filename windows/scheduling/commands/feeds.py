"""Verbs: issue and revoke a secret calendar address, and open one. The address is shown once; only its hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Service, Team
from windows.catalogue.queries import actor_for
from windows.errors import Forbidden, Invalid, NotFound
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import Feed

KINDS = ("all", "team", "service", "person", "queue")  # queue: what waits for a signature in one's teams
MOST_FEEDS = 50
USED = timedelta(minutes=10)  # how exact "last used" is: thousands of polls must not be thousands of writes
READING = frozenset({Verb.READ.value})


@one_transaction
def issue_feed(actor: Actor, kind: str, target: str = "") -> tuple[Feed, str]:
    """A new address for the actor's own eyes: (row, raw token). `target` is a team's or service's slug; a person's feed is one's own."""
    require(actor, Verb.READ, Subject(called="calendar feeds"))
    if actor.person_id is None:
        raise Forbidden("A calendar address belongs to a person.", verb=Verb.READ.value)
    if kind not in KINDS:
        raise Invalid(f"Choose one of: {', '.join(KINDS)}.", field="kind")
    wanted = texts.line(target, "target", longest=63, required=kind in ("team", "service"))
    model = {"team": Team, "service": Service}.get(kind)
    if model is not None and not model._default_manager.filter(slug=wanted).exists():
        raise Invalid(f"There is no {kind} “{wanted}”.", field="target")
    if Feed.objects.filter(person=actor.person_id, revoked_at=None).count() >= MOST_FEEDS:
        raise Invalid(f"You have {MOST_FEEDS} addresses; revoke one first.", field="kind")
    raw = secrets.token_urlsafe(32)
    owner = str(actor.person_id) if kind == "person" else ""
    feed = Feed.objects.create(person_id=actor.person_id, kind=kind, target=wanted if model else owner, digest=digest(raw))
    record("feed.issued", actor, f"feed:{feed.pk}", data={"kind": kind, "target": feed.target})
    return feed, raw


@one_transaction
def revoke_feed(actor: Actor, feed_id: int) -> Feed:
    """From now on the address answers 404. One's own, or anybody's for an administrator."""
    require(actor, Verb.READ, Subject(called="calendar feeds"))
    feed = Feed.objects.select_for_update().filter(pk=feed_id).first()
    if feed is None or not (actor.administrator or feed.person_id == actor.person_id):
        raise NotFound("There is no such calendar address.")
    if feed.revoked_at is None:
        feed.revoked_at = clock()
        feed.save(update_fields=["revoked_at"])
        record("feed.revoked", actor, f"feed:{feed.pk}", data={"kind": feed.kind, "target": feed.target})
    return feed


def feed_by_token(raw: str) -> tuple[Feed, Actor]:
    """The feed behind an address and the eyes it is read with: its person's rights at this moment, for reading only.

    NotFound where the address is unknown or revoked, or the person disabled.
    """
    feed = Feed.objects.select_related("person").filter(digest=digest(raw), revoked_at=None, person__is_active=True).first()
    if feed is None:
        raise NotFound("There is no calendar here.")
    now = clock()
    if feed.last_used_at is None or now - feed.last_used_at > USED:
        Feed.objects.filter(pk=feed.pk).update(last_used_at=now)
    return feed, actor_for(feed.person, via="feed", scopes=READING)


def digest(raw: str) -> str:
    return hashlib.sha256(raw.encode(errors="replace")).hexdigest()
