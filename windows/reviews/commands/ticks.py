"""Verbs: tick an item of a window's checklist by name, and take one's word back."""

from __future__ import annotations

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, Forbidden, NotFound
from windows.reviews.checklists import UNKNOWN, Item
from windows.reviews.models import Tick
from windows.reviews.queries.standing import computed
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import subject_of, window_id_of, window_view


@one_transaction
def tick(actor: Actor, reference: str, key: str, note: str) -> Tick:
    """Say how one knows that it is done. Conflict where a machine knows better, or somebody has said so already."""
    window_id, person_id, item = ticked_by(actor, reference, key)
    if item.state != UNKNOWN:
        raise Conflict(f"{item.title}: {item.said} Nobody ticks what is on record.", field="item")
    row, is_new = Tick.objects.get_or_create(
        window_id=window_id, item=key, defaults={"person_id": person_id, "note": texts.lines(note, "note", required=True)}
    )
    if not is_new:
        raise Conflict(f"{row.person.name} has ticked it already.", field="item")
    record("checklist.ticked", actor, f"MW-{window_id}", window=f"MW-{window_id}", data={"item": item.title, "note": row.note})
    return row


@one_transaction
def untick(actor: Actor, reference: str, key: str) -> None:
    """Take one's own word back, or somebody else's where one may tick."""
    window_id, _, item = ticked_by(actor, reference, key)
    row = Tick.objects.select_for_update(of=("self",)).select_related("person").filter(window=window_id, item=key).first()
    if row is None:
        raise NotFound("Nobody has ticked it.")
    told = {"item": item.title, "note": row.note, "by": row.person.name}
    record("checklist.unticked", actor, f"MW-{window_id}", window=f"MW-{window_id}", data=told)
    row.delete()


def ticked_by(actor: Actor, reference: str, key: str) -> tuple[int, int, Item]:
    """The window, the person, and the item as the machine sees it, where they may tick it."""
    window_id = window_id_of(reference)
    require(actor, Verb.CONFIRM, subject_of(window_id))
    if actor.person_id is None:
        raise Forbidden("Only people tick.", verb=Verb.CONFIRM.value)
    lists = computed(window_view(window_id, actor), actor, clock())
    item = next((item for one in lists for item in one.items if item.key == key), None)
    if item is None:
        raise NotFound("There is no such item.")
    return window_id, actor.person_id, item
