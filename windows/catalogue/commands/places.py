"""Environments and regions: what wildcards in a scope expand to."""

from __future__ import annotations

from django.db import transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.commands.changes import check
from windows.catalogue.models import Environment, Region


@transaction.atomic(durable=True)
def define_environment(actor: Actor, slug: str, name: str, *, production: bool = False) -> Environment:
    """A new environment, or the same one with a new name or nature. SRE and administrators."""
    require(actor, Verb.EDIT_CATALOGUE, Subject(called="environments"))
    row = Environment.objects.select_for_update().filter(slug=slug).first()
    if row and (row.name, row.is_production) == (name, production):
        return row
    row = row or Environment(slug=slug)
    row.name, row.is_production = name, production
    check(row)
    row.save()
    record("environment.defined", actor, f"environment:{slug}", data={"name": name, "production": production})
    return row


@transaction.atomic(durable=True)
def define_region(actor: Actor, slug: str, name: str) -> Region:
    """A new region, or the same one by a new name. SRE and administrators."""
    require(actor, Verb.EDIT_CATALOGUE, Subject(called="regions"))
    row = Region.objects.select_for_update().filter(slug=slug).first()
    if row and row.name == name:
        return row
    row = row or Region(slug=slug)
    row.name = name
    check(row)
    row.save()
    record("region.defined", actor, f"region:{slug}", data={"name": name})
    return row
