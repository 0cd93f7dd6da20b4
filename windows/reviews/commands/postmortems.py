"""Verbs: a postmortem is drafted from the record, edited and published by people. One per window."""

from __future__ import annotations

from dataclasses import asdict

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, NotFound, Stale
from windows.reviews.commands.closing import close_if_done
from windows.reviews.drafting import draft
from windows.reviews.models import Postmortem
from windows.reviews.queries.facts import facts_of
from windows.reviews.questions import five
from windows.reviews.states import PostmortemStatus
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import subject_of, window_id_of, window_view

LONGEST = 40_000


@one_transaction
def draft_postmortem(actor: Actor, reference: str) -> Postmortem:
    """Conflict while the window has not ended, and where it has one already."""
    window_id = window_id_of(reference)
    require(actor, Verb.REVIEW, subject_of(window_id))
    facts = facts_of(window_view(window_id, actor), actor, clock())
    if facts is None:
        raise Conflict("A postmortem is drafted when the window has run and ended.", field="window")
    made, is_new = Postmortem.objects.get_or_create(
        window_id=window_id,
        defaults={
            "draft": [asdict(section) for section in draft(facts)],
            "answers": [asdict(one) for one in five(facts)],
            "drafted_by": actor.name,
        },
    )
    if not is_new:
        raise Conflict(f"MW-{window_id} has a postmortem already.", field="window")
    record("postmortem.drafted", actor, f"MW-{window_id}", window=f"MW-{window_id}")
    return made


@one_transaction
def edit_postmortem(actor: Actor, reference: str, text: str, version: int) -> Postmortem:
    """Stale where somebody else was quicker; Conflict once it is published."""
    made = held(actor, reference, version)
    made.text, made.version = texts.lines(text, "text", longest=LONGEST), made.version + 1
    made.edited_by, made.edited_at = actor.name, clock()
    made.save(update_fields=["text", "version", "edited_by", "edited_at"])
    record("postmortem.edited", actor, f"MW-{made.window_id}", window=f"MW-{made.window_id}", data={"version": made.version})
    return made


@one_transaction
def publish_postmortem(actor: Actor, reference: str, version: int) -> Postmortem:
    """Final, of the text that was read. Stale where somebody changed it meanwhile; Conflict where nobody has written anything: a
    machine's draft is not what people learnt."""
    made = held(actor, reference, version)
    if not made.text:
        raise Conflict("Write what was learnt first: the draft says only what is on record.", field="text")
    made.status, made.published_by, made.published_at = PostmortemStatus.PUBLISHED.value, actor.name, clock()
    made.version += 1
    made.save(update_fields=["status", "version", "published_by", "published_at"])
    record("postmortem.published", actor, f"MW-{made.window_id}", window=f"MW-{made.window_id}")
    close_if_done(actor, made.window_id)
    return made


def held(actor: Actor, reference: str, version: int) -> Postmortem:
    """Its row under lock, as it was read; Stale where it is another version by now."""
    window_id = window_id_of(reference)
    require(actor, Verb.REVIEW, subject_of(window_id))
    made = Postmortem.objects.select_for_update().filter(window=window_id).first()
    if made is None:
        raise NotFound(f"MW-{window_id} has no postmortem yet.")
    if made.status == PostmortemStatus.PUBLISHED:
        raise Conflict("It is published: what is learnt later is a follow-up.", field="status")
    if made.version != version:
        raise Stale(f"{made.edited_by or made.drafted_by} changed it meanwhile. Read it again.", current=made.version)
    return made
