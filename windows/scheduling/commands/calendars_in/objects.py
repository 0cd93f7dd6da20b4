"""Verbs: say which of our services a provider's circuit, object or resource is part of; take it back."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.models import Environment, Region, Service
from windows.errors import Conflict, Invalid, NotFound
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import ProviderObject


@one_transaction
def map_object(actor: Actor, provider: str, name: str, service: str, *, environment: str = "", region: str = "") -> ProviderObject:
    """From now on, and for all that was announced before, this object is part of the service. "*" is all that the provider announces."""
    reached = Service.objects.select_related("team").filter(slug=texts.line(service, "service", longest=63)).first()
    if reached is None:
        raise Invalid(f"There is no service “{service[:63]}”.", field="service")
    require(actor, Verb.EDIT_CALENDARS, Subject(team=reached.team.slug, called=f"what reaches {reached.slug}"))
    row = ProviderObject(
        provider=texts.line(provider, "provider", longest=120, required=True).lower(),
        object=texts.line(name, "object", required=True),
        service=reached,
        environment=existing(Environment, environment, "environment"),
        region=existing(Region, region, "region"),
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(f"{row.object} of {row.provider} leads there already.", field="object") from None
    record("provider_object.mapped", actor, f"object:{row.pk}", data=told(row))
    return row


@one_transaction
def unmap_object(actor: Actor, object_id: int) -> None:
    """It leads there no more."""
    row = ProviderObject.objects.select_for_update(of=("self",)).select_related("service__team").filter(pk=object_id).first()
    if row is None:
        raise NotFound("There is no such mapping.")
    require(actor, Verb.EDIT_CALENDARS, Subject(team=row.service.team.slug, called=f"what reaches {row.service.slug}"))
    record("provider_object.unmapped", actor, f"object:{row.pk}", data=told(row))
    row.delete()


def existing(model: type[Environment] | type[Region], slug: str, field: str) -> str:
    wanted = texts.line(slug, field, longest=63)
    if wanted and not model._default_manager.filter(slug=wanted).exists():
        raise Invalid(f"There is no {field} “{wanted}”. Leave it empty to mean each one the service runs in.", field=field)
    return wanted


def told(row: ProviderObject) -> dict[str, Any]:
    return {
        "provider": row.provider, "object": row.object, "service": row.service.slug, "environment": row.environment, "region": row.region
    }  # fmt: skip
