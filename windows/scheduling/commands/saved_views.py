"""Verbs: save a view of the calendar, change it, delete it. Everybody has their own; nobody sees another's."""

from __future__ import annotations

from urllib.parse import parse_qsl

from django.db import IntegrityError, transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.models import Person
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import SavedView

MOST_VIEWS = 30
LONGEST_NAME, LONGEST_QUERY = 60, 1000
PARTS = {"view", "by", "zoom", "team", "service", "environment", "state", "change_type", "busy"}  # what is seen, not when


@one_transaction
def save_view(actor: Actor, name: str, query: str, *, default: bool = False) -> SavedView:
    """Keep an address of the calendar by a name of one's own. Conflict(field="name") where one has that name already."""
    person_id = owner(actor)
    said, wanted = texts.line(name, "name", longest=LONGEST_NAME, required=True), checked(query)
    if SavedView.objects.filter(person=person_id).count() >= MOST_VIEWS:
        raise Invalid(f"You have {MOST_VIEWS} saved views; delete one first.", field="name")
    if default:
        SavedView.objects.filter(person=person_id, is_default=True).update(is_default=False)
    view = written(SavedView(person_id=person_id, name=said, query=wanted, is_default=default))
    record("saved_view.created", actor, f"view:{view.pk}", data={"name": said, "query": wanted, "default": default})
    return view


@one_transaction
def change_view(actor: Actor, view_id: int, name: str, *, default: bool) -> SavedView:
    """Rename it, and say whether “Calendar” opens it: at most one of a person's does."""
    view = own(actor, view_id)
    said = texts.line(name, "name", longest=LONGEST_NAME, required=True)
    before = (view.name, view.is_default)
    if before == (said, default):
        return view
    if default:
        SavedView.objects.filter(person=view.person_id, is_default=True).exclude(pk=view.pk).update(is_default=False)
    view.name, view.is_default = said, default
    written(view)
    changed = {name: [old, new] for name, old, new in zip(("name", "default"), before, (said, default), strict=True) if old != new}
    record("saved_view.changed", actor, f"view:{view.pk}", data={"changed": changed})
    return view


@one_transaction
def delete_view(actor: Actor, view_id: int) -> None:
    view = own(actor, view_id)
    record("saved_view.deleted", actor, f"view:{view.pk}", data={"name": view.name})
    view.delete()


def owner(actor: Actor) -> int:
    """Who it belongs to. The person's row is locked: two tabs that choose a default come one after the other."""
    require(actor, Verb.READ, Subject(called="saved views"))
    if actor.person_id is None:
        raise Forbidden("A saved view belongs to a person.", verb=Verb.READ.value)
    Person.objects.select_for_update(no_key=True).filter(pk=actor.person_id).first()
    return actor.person_id


def own(actor: Actor, view_id: int) -> SavedView:
    person_id = owner(actor)
    view = SavedView.objects.select_for_update().filter(pk=view_id, person=person_id).first()
    if view is None:
        raise NotFound("There is no such saved view.")
    return view


def checked(query: str) -> str:
    """The address as sent, which may name nothing but parts of the calendar."""
    wanted = texts.line(query, "query", longest=LONGEST_QUERY, required=True).removeprefix("?")
    unknown = {name for name, _ in parse_qsl(wanted, keep_blank_values=True)} - PARTS
    if unknown:
        raise Invalid(f"A view of the calendar has no “{min(unknown)[:60]}”.", field="query")
    return wanted


def written(view: SavedView) -> SavedView:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        if "saved_view_once_a_name" not in str(error):
            raise
        raise Conflict(f"You have a view named “{view.name}” already.", field="name") from error
    return view
