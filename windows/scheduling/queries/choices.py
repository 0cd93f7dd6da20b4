"""What the form for a request offers: teams the person may plan for, people, services, places, runbooks. Six queries."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import QuerySet

from windows.access.roles import PLAN, Actor, Role
from windows.catalogue.models import Environment, Membership, Person, Region, Service, Team
from windows.lifecycle.states import ChangeType, Mode
from windows.lifecycle.words import mode_in_words
from windows.runbooks.queries import IN_FORCE, current_first


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form's lists offer: (value, label) pairs; with a team its usual owner too, None where it has none."""

    teams: list[tuple[str, str, int | None]]
    people: list[tuple[int, str]]
    services: list[tuple[str, str]]
    environments: list[tuple[str, str]]
    regions: list[tuple[str, str]]
    runbooks: list[tuple[int, str]]
    modes: list[tuple[str, str]] = field(default_factory=list)
    types: list[tuple[str, str]] = field(default_factory=list)


def choices_for(actor: Actor) -> Choices:
    """SRE plan for every team, others for the teams that gave them a role in planning."""
    owners = usual_owners(actor.person_id)
    newest = current_first().order_by("runbook__slug", *IN_FORCE).distinct("runbook__slug").select_related("runbook")
    return Choices(
        teams=[(slug, name, owners.get(slug)) for slug, name in plannable(actor).values_list("slug", "name")],
        people=list(Person.objects.filter(is_active=True).order_by("name").values_list("id", "name")),
        services=list(Service.objects.order_by("name").values_list("slug", "name")),
        environments=list(Environment.objects.order_by("name").values_list("slug", "name")),
        regions=list(Region.objects.order_by("name").values_list("slug", "name")),
        runbooks=[(version.pk, f"{version.runbook.title}, version {version.number}") for version in newest.defer("source")],
        modes=[(mode.value, mode_in_words(mode.value).capitalize()) for mode in Mode],
        types=[(kind.value, kind.value.capitalize()) for kind in ChangeType],
    )


def plannable(actor: Actor) -> QuerySet[Team]:
    """The teams the person may plan for, by name."""
    teams = Team.objects.order_by("name")
    return teams if actor.sre else teams.filter(slug__in=[team for team, role in actor.roles if role in PLAN])


def usual_team(actor: Actor, service: str) -> str:
    """The team of that service where the person may plan for it, else the first they may plan for; empty for none. Two queries."""
    mine = list(plannable(actor).values_list("slug", flat=True))
    owning = Service.objects.filter(slug=service).values_list("team__slug", flat=True).first()
    return owning if owning in mine else mine[0] if mine else ""


def usual_owner(team: str, service: str, otherwise: int | None) -> int | None:
    """Who answers for it: the planning team's owner (the service's, while no team is known), the first by name; `otherwise` where
    there is none, or where that is one of them."""
    owners = Membership.objects.filter(role=Role.OWNER.value, person__is_active=True).order_by("person__name")
    owners = owners.filter(team__slug=team) if team else owners.filter(team__services__slug=service)
    found = list(owners.values_list("person", flat=True))
    return otherwise if otherwise in found or not found else found[0]


def usual_owners(preferred: int | None) -> dict[str, int]:
    """For each team who answers for its windows unless another is named, as `usual_owner` says."""
    found: dict[str, int] = {}
    held = Membership.objects.filter(role=Role.OWNER.value, person__is_active=True).order_by("person__name")
    for team, person in held.values_list("team__slug", "person"):
        if person == preferred or team not in found:
            found[team] = person
    return found


def usual_environment() -> str:
    """Production, the first by name; empty while there is none."""
    return Environment.objects.order_by("-is_production", "name").values_list("slug", flat=True).first() or ""
