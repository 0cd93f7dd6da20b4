"""Verbs: put a service on the public page by a name of its own, and take it off."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.announcements.models import Component
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Service
from windows.errors import Conflict, Invalid, NotFound
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction

LAST = 10_000


@one_transaction
def publish_service(actor: Actor, slug: str, *, name: str, description: str = "", position: int = 100) -> tuple[Component, bool]:
    """(the component, whether it is new). Invalid names the field; Conflict where another service has that public name."""
    service = of(actor, slug)
    if not 0 <= position <= LAST:
        raise Invalid(f"Write a number from 0 to {LAST:,}.", field="position")
    told = {
        "name": texts.line(name, "name", longest=100, required=True),
        "description": texts.line(description, "description", longest=300),
        "position": position,
    }
    try:
        with transaction.atomic():
            row, is_new = Component.objects.update_or_create(service=service, defaults={**told, "updated_at": clock()})
    except IntegrityError as error:
        raise Conflict(f"Another service is called “{told['name']}” on the public page.", field="name") from error
    record("component.published", actor, service.slug, data=told)
    return row, is_new


@one_transaction
def unpublish_service(actor: Actor, slug: str) -> None:
    service = of(actor, slug)
    row = Component.objects.filter(service=service).first()
    if row is None:
        raise NotFound(f"{service.slug} is not on the public page.")
    row.delete()
    record("component.unpublished", actor, service.slug, data={"name": row.name})


def of(actor: Actor, slug: str) -> Service:
    service = Service.objects.select_related("team").filter(slug=slug).first()
    if service is None:
        raise NotFound("There is no such service.")
    require(actor, Verb.EDIT_CATALOGUE, Subject(team=service.team.slug, called=service.slug))
    return service
