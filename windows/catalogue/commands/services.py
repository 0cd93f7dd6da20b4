"""Services, and the places they run in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.commands.changes import check, expect, only
from windows.catalogue.models import Deployment, Environment, Region, Service, Team
from windows.catalogue.queries import subject_of_service, subject_of_team
from windows.errors import Conflict, Invalid, NotFound

WRITABLE = frozenset({"name", "description", "tier", "monthly_active_users", "revenue_per_hour", "cost_per_hour", "on_call_schedule_url"})


@transaction.atomic(durable=True)
def define_service(actor: Actor, slug: str, name: str, team: str, *, example: bool = False, **details: Any) -> Service:
    """A new service of a team. `details`: any of WRITABLE. Conflict(field="slug") where it exists."""
    require(actor, Verb.EDIT_CATALOGUE, subject_of_team(team))
    only(details, WRITABLE)
    owner = Team.objects.filter(slug=team).first()
    if owner is None:
        raise Invalid(f"There is no team “{team}”.", field="team")
    service = Service(slug=slug, name=name, team=owner, is_example=example, **details)
    check(service)
    try:
        with transaction.atomic():
            service.save()
    except IntegrityError as error:
        raise _refused(error, slug) from error
    record("service.created", actor, f"service:{slug}", data={"name": name, "team": team})
    return service


@transaction.atomic(durable=True)
def edit_service(actor: Actor, slug: str, changes: Mapping[str, Any], version: int | None) -> Service:
    """Change fields of WRITABLE; the version must be the one in force (Stale), and grows. No change, no entry."""
    service = Service.objects.select_for_update(of=("self",)).select_related("team").filter(slug=slug).first()
    require(actor, Verb.EDIT_CATALOGUE, subject_of_team(service.team.slug) if service else Subject(called=f"service {slug}"))
    if service is None:
        raise NotFound(f"There is no service {slug} here.")
    only(changes, WRITABLE)
    expect(version, service.version)
    before = {name: getattr(service, name) for name in changes}
    for name, value in changes.items():
        setattr(service, name, value)
    check(service, changes)
    if all(getattr(service, name) == value for name, value in before.items()):
        return service
    service.version += 1
    try:
        with transaction.atomic():
            service.save(update_fields=[*changes, "version"])
    except IntegrityError as error:
        raise _refused(error, slug) from error
    after = {name: getattr(service, name) for name in changes}
    record("service.edited", actor, f"service:{slug}", data={"before": _plain(before), "after": _plain(after), "version": service.version})
    return service


@transaction.atomic(durable=True)
def hand_over_service(actor: Actor, slug: str, team: str, version: int | None) -> Service:
    """Give a service to another team. It takes the right in both: nobody is handed a service, nobody grabs one."""
    require(actor, Verb.EDIT_CATALOGUE, subject_of_service(slug))
    require(actor, Verb.EDIT_CATALOGUE, subject_of_team(team))
    service = Service.objects.select_for_update(of=("self",)).select_related("team").get(slug=slug)
    expect(version, service.version)
    heir = Team.objects.filter(slug=team).first()
    if heir is None:
        raise Invalid(f"There is no team “{team}”.", field="team")
    before, service.team, service.version = service.team.slug, heir, service.version + 1
    service.save(update_fields=["team", "version"])
    record("service.handed_over", actor, f"service:{slug}", data={"before": before, "after": team, "version": service.version})
    return service


@transaction.atomic(durable=True)
def deploy_service(actor: Actor, slug: str, places: Collection[tuple[str, str]]) -> list[Deployment]:
    """State where a service runs, whole: (environment, region) slugs. Places left out are removed, Invalid names an unknown one."""
    require(actor, Verb.EDIT_CATALOGUE, subject_of_service(slug))
    service = Service.objects.select_for_update().get(slug=slug)
    environments = {row.slug: row for row in Environment.objects.all()}
    regions = {row.slug: row for row in Region.objects.all()}
    for environment, region in places:
        if environment not in environments:
            raise Invalid(f"There is no environment “{environment}”.", field="environment")
        if region not in regions:
            raise Invalid(f"There is no region “{region}”.", field="region")
    before = {(row.environment.slug, row.region.slug): row for row in service.deployments.select_related("environment", "region")}
    wanted = set(places)
    if wanted != set(before):
        service.deployments.filter(pk__in=[row.pk for place, row in before.items() if place not in wanted]).delete()
        new = sorted(wanted - set(before))
        Deployment.objects.bulk_create([Deployment(service=service, environment=environments[e], region=regions[r]) for e, r in new])
        record("service.deployed", actor, f"service:{slug}", data={"places": sorted(wanted), "before": sorted(before)})
    return list(service.deployments.select_related("environment", "region").order_by("environment__slug", "region__slug"))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, (int, str, type(None))) else str(value) for name, value in values.items()}


def _refused(error: IntegrityError, slug: str) -> Conflict | Invalid:
    if "tier" in str(error):
        return Invalid("The tier is 1 (most critical) to 4.", field="tier")
    return Conflict(f"There is a service {slug}.", field="slug")
