"""What the form for a request offers: teams the person may plan for, people, services, places, runbooks. Five queries."""

from __future__ import annotations

from dataclasses import dataclass, field

from windows.access.roles import PLAN, Actor
from windows.catalogue.models import Environment, Person, Region, Service, Team
from windows.lifecycle.states import ChangeType, Mode
from windows.runbooks.models import RunbookVersion


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form's lists offer: (value, label) pairs."""

    teams: list[tuple[str, str]]
    people: list[tuple[int, str]]
    services: list[tuple[str, str]]
    environments: list[tuple[str, str]]
    regions: list[tuple[str, str]]
    runbooks: list[tuple[int, str]]
    modes: list[tuple[str, str]] = field(default_factory=list)
    types: list[tuple[str, str]] = field(default_factory=list)


def choices_for(actor: Actor) -> Choices:
    """SRE plan for every team, others for the teams that gave them a role in planning."""
    teams = Team.objects.order_by("name")
    if not actor.sre:
        teams = teams.filter(slug__in=[team for team, role in actor.roles if role in PLAN])
    newest = RunbookVersion.objects.order_by("runbook__slug", "-number").distinct("runbook__slug").select_related("runbook")
    return Choices(
        teams=list(teams.values_list("slug", "name")),
        people=list(Person.objects.filter(is_active=True).order_by("name").values_list("id", "name")),
        services=list(Service.objects.order_by("name").values_list("slug", "name")),
        environments=list(Environment.objects.order_by("name").values_list("slug", "name")),
        regions=list(Region.objects.order_by("name").values_list("slug", "name")),
        runbooks=[(version.pk, f"{version.runbook.title}, version {version.number}") for version in newest.defer("source")],
        modes=[(mode.value, mode.value.replace("_", "-").capitalize()) for mode in Mode],
        types=[(kind.value, kind.value.capitalize()) for kind in ChangeType],
    )
