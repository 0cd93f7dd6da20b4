"""What a service needs. The dependent's team declares it: they know, and it is they who are affected."""

from __future__ import annotations

from django.db import transaction

from windows.access.roles import Actor, Verb, require
from windows.audit.commands import record
from windows.catalogue.models import Dependency, Service
from windows.catalogue.queries import subject_of_service
from windows.errors import Invalid


@transaction.atomic(durable=True)
def declare_dependency(actor: Actor, service: str, depends_on: str) -> Dependency:
    """`service` needs `depends_on`. Cycles are allowed, except with itself. Twice is once."""
    require(actor, Verb.EDIT_CATALOGUE, subject_of_service(service))
    if service == depends_on:
        raise Invalid("A service does not depend on itself.", field="depends_on")
    needed = Service.objects.filter(slug=depends_on).first()
    if needed is None:
        raise Invalid(f"There is no service “{depends_on}”.", field="depends_on")
    row, is_new = Dependency.objects.get_or_create(service=Service.objects.get(slug=service), depends_on=needed)
    if is_new:
        record("dependency.declared", actor, f"service:{service}", data={"depends_on": depends_on})
    return row


@transaction.atomic(durable=True)
def withdraw_dependency(actor: Actor, service: str, depends_on: str) -> None:
    """`service` no longer needs `depends_on`. Nothing happens where it was not declared."""
    require(actor, Verb.EDIT_CATALOGUE, subject_of_service(service))
    gone, _ = Dependency.objects.filter(service__slug=service, depends_on__slug=depends_on).delete()
    if gone:
        record("dependency.withdrawn", actor, f"service:{service}", data={"depends_on": depends_on})
