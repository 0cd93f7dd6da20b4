"""Nouns that read: who acts, whom a team consists of, what a scope's wildcards mean."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from windows.access.roles import Actor, Role, Subject, visible
from windows.catalogue.models import ApiToken, Deployment, Membership, OnCallSchedule, OnCallShift, Person, Service, Team
from windows.errors import Forbidden, Invalid, NotFound

ANY = "*"
WHO_SENDS = """select token.id, token.hint, token.scopes::text,
    coalesce(token.last_used_at > statement_timestamp() - make_interval(secs => %s), false),
    person.id, person.name, person.is_superuser, held.teams, held.roles
 from catalogue_apitoken token join catalogue_person person on person.id = token.person_id and person.is_active,
 lateral (
    select coalesce(array_agg(team.slug order by m.id), '{}') as teams, coalesce(array_agg(m.role order by m.id), '{}') as roles
    from catalogue_membership m join catalogue_team team on team.id = m.team_id where m.person_id = person.id) held
 where token.digest = %s and token.revoked_at is null and token.expires_at > statement_timestamp()"""
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


def who_may_see(subject: Subject, emails: Collection[str]) -> set[str]:
    """Those of these addresses whose person is active and may see the subject. Two queries."""
    people = Person.objects.filter(email__in=emails, is_active=True).prefetch_related("memberships__team")
    held = {one: frozenset((each.team.slug, Role(each.role)) for each in one.memberships.all()) for one in people}
    return {
        one.email
        for one, roles in held.items()
        if visible(Actor(name=one.name, person_id=one.pk, roles=roles, administrator=one.is_superuser, via="message"), subject)
    }


def token_digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def authenticate_token(raw: str) -> Actor | None:
    """The actor behind an API token, or None: unknown, expired, revoked, its person disabled. One query; at most one write a minute.

    In SQL by hand, as it stands before every request of every program: the ORM takes longer to word it than the store to answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(WHO_SENDS, [USED.total_seconds(), token_digest(raw)])
        found = cursor.fetchone()
    return None if found is None else sender(found)


def sender(found: Sequence[Any]) -> Actor:
    """The actor in a row of WHO_SENDS; keeps the token's last use."""
    token_id, hint, scopes, is_recent, person_id, name, administrator, teams, roles = found
    if not is_recent:
        ApiToken.objects.filter(pk=token_id).update(last_used_at=Now())
    held = frozenset((team, Role(role)) for team, role in zip(teams, roles, strict=True))
    scopes = frozenset(json.loads(scopes))
    return Actor(name=name, person_id=person_id, roles=held, administrator=administrator, scopes=scopes, via=f"api:{hint}")


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


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call for a team now, and how that is known. `until` is when the first of them hands over; None where nothing says so."""

    slug: str
    name: str
    people: tuple[str, ...]
    by_calendar: bool
    until: datetime | None
    error: str


def shifts_now(teams: Collection[str] | None, now: datetime) -> dict[str, list[OnCallShift]]:
    """Team → the shifts under way of people we know, out of the calendars that its services name. Two queries."""
    services = Service.objects.exclude(on_call_schedule_url="")
    services = services if teams is None else services.filter(team__slug__in=teams)
    by_url: dict[str, set[str]] = {}
    for url, team in services.values_list("on_call_schedule_url", "team__slug"):
        by_url.setdefault(url, set()).add(team)
    rows = OnCallShift.objects.filter(schedule__url__in=by_url, starts_at__lte=now, ends_at__gt=now, person__is_active=True)
    found: dict[str, list[OnCallShift]] = {}
    for shift in rows.select_related("schedule", "person").order_by("person__name", "pk") if by_url else ():
        for team in by_url[shift.schedule.url]:
            found.setdefault(team, []).append(shift)
    return found


def on_call_of(teams: Collection[str]) -> list[Contact]:
    """Who is on call for these teams now: whom their services' calendars name; for a team whose calendars name nobody we know, all who
    hold the role. Each once."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        found = shifts_now(teams, cursor.fetchone()[0])
    named = {shift.person for shifts in found.values() for shift in shifts if shift.person is not None}
    told = {person.pk: Contact(person.pk, person.name, person.email) for person in named}
    others = [team for team in teams if team not in found]
    told |= {person.id: person for person in (holders(others, Role.ON_CALL) if others else [])}
    return sorted(told.values(), key=lambda person: (person.name, person.id))


def rota(now: datetime) -> list[OnCall]:
    """Every team with who is on call for it; a constant number of queries."""
    shifts = shifts_now(None, now)
    roles: dict[str, list[str]] = {}
    held = Membership.objects.filter(role=Role.ON_CALL.value, person__is_active=True).order_by("person__name")
    for slug, name in held.values_list("team__slug", "person__name"):
        roles.setdefault(slug, []).append(name)
    broken = dict(OnCallSchedule.objects.exclude(error="").values_list("url", "error"))
    named = Service.objects.filter(on_call_schedule_url__in=broken).values_list("team__slug", "on_call_schedule_url")
    errors = {team: broken[url] for team, url in named}
    found = []
    for slug, name in Team.objects.order_by("name").values_list("slug", "name"):
        mine = shifts.get(slug, [])
        people = dict.fromkeys(shift.person.name for shift in mine if shift.person) if mine else dict.fromkeys(roles.get(slug, []))
        until = min((shift.ends_at for shift in mine), default=None)
        found.append(OnCall(slug, name, tuple(people), bool(mine), until, errors.get(slug, "")))
    return found


def people_by_email(emails: Collection[str]) -> dict[str, str]:
    """E-mail address → name, of people we know."""
    return dict(Person.objects.filter(email__in=emails).values_list("email", "name"))


def sre_contacts() -> list[Contact]:
    """The active people who are SRE in any team, each once, by name."""
    found = Person.objects.filter(is_active=True, memberships__role=Role.SRE.value)
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
