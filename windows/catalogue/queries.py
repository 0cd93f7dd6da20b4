"""Nouns that read: who acts, whom a team consists of, what a scope's wildcards mean."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Now

from windows.access.roles import Actor, Role, Subject
from windows.catalogue.models import ApiToken, Deployment, Membership, Person, Service
from windows.errors import Forbidden, Invalid, NotFound

ANY = "*"
USED = timedelta(minutes=1)  # a token's last use is kept to the minute: a busy client must not write at every request


@dataclass(frozen=True, slots=True)
class Place:
    """One concrete deployment: where a service runs."""

    service_id: int
    service: str
    environment: str
    region: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as others need them: to name, to send to."""

    id: int
    name: str
    email: str


def actor_for(person: Person, via: str, scopes: frozenset[str] | None = None) -> Actor:
    """The actor that a person is right now (one query): asked anew at every request, so that a lost role is lost at once.

    Forbidden where the person is disabled. `scopes` is given for a token, never for a session.
    """
    if not person.is_active:
        raise Forbidden("This account is disabled.", verb="sign_in")
    held = Membership.objects.filter(person_id=person.pk).values_list("team__slug", "role")
    roles = frozenset((team, Role(role)) for team, role in held)
    return Actor(name=person.name, person_id=person.pk, roles=roles, administrator=person.is_superuser, scopes=scopes, via=via)


def token_digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def authenticate_token(raw: str) -> Actor | None:
    """The actor behind an API token, or None: unknown, expired, revoked, its person disabled. Two queries; at most one write a minute."""
    token = (
        ApiToken.objects.select_related("person")
        .filter(digest=token_digest(raw), revoked_at=None, expires_at__gt=Now(), person__is_active=True)
        .annotate(is_recent=Q(last_used_at__gt=Now() - USED))
        .first()
    )
    if token is None:
        return None
    if not token.is_recent:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=Now())
    return actor_for(token.person, via=f"api:{token.hint}", scopes=frozenset(token.scopes))


def subject_of_team(slug: str) -> Subject:
    """A team as what is acted on. It need not exist: the roles table then finds nobody but those whose role counts everywhere."""
    return Subject(team=slug, called=f"team {slug}")


def subject_of_service(slug: str) -> Subject:
    """A service as what is acted on: its team's. NotFound where there is none."""
    team = Service.objects.filter(slug=slug).values_list("team__slug", flat=True).first()
    if team is None:
        raise NotFound(f"There is no service {slug} here.")
    return Subject(team=team, called=f"service {slug}")


def holders(teams: Collection[str], *roles: Role) -> list[Contact]:
    """The active people who hold one of the roles in one of the teams, each once, by name."""
    found = Person.objects.filter(is_active=True, memberships__team__slug__in=teams, memberships__role__in=[role.value for role in roles])
    return [Contact(*row) for row in found.order_by("name", "id").values_list("id", "name", "email").distinct()]


def expand_scope(service: str, environment: str, region: str = ANY) -> list[Place]:
    """The deployments a scope means; each of the three is a slug or "*". Ordered; Invalid(field=…) names what matches nothing."""
    rows = Deployment.objects.all()
    for name, wanted in (("service", service), ("environment", environment), ("region", region)):
        if wanted != ANY:
            rows = rows.filter(**{f"{name}__slug": wanted})
    places = rows.annotate(s=F("service__slug"), e=F("environment__slug"), r=F("region__slug")).order_by("s", "e", "r")
    found = [Place(*row) for row in places.values_list("service_id", "s", "e", "r")]
    if not found:
        _blame(service, environment, region)
    return found


def _blame(service: str, environment: str, region: str) -> None:
    if service != ANY and not Service.objects.filter(slug=service).exists():
        raise Invalid(f"There is no service “{service}”.", field="service")
    here = Deployment.objects.filter(environment__slug=environment)
    if environment != ANY and not (here if service == ANY else here.filter(service__slug=service)).exists():
        raise Invalid(f"{service} does not run in “{environment}”.", field="environment")
    raise Invalid(f"{service} does not run in {environment}/{region}.", field="region")
