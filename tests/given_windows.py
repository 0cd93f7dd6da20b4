"""Rows that tests of planning start from: teams, people, services, a window. Plain functions; every one commits or not as its test does."""

from datetime import UTC, datetime, timedelta
from typing import Any

from windows.access.roles import Actor, Role
from windows.catalogue.models import Dependency, Deployment, Environment, Membership, Person, Region, Service, Team
from windows.catalogue.queries import actor_for
from windows.scheduling.commands.drafts import Draft, create_draft
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.templates import TemplateDraft, make_template
from windows.scheduling.models import ChangeTemplate, Window

HOUR = timedelta(hours=1)
COUNTED_FROM: list[datetime] = []  # the hour of this test's first question; tests/conftest.py empties it before each test


def soon(hours: float = 24, minutes: float = 0) -> datetime:
    """A full hour some time from now, counted from one and the same hour though another strikes while the test runs."""
    now = datetime.now(UTC)
    if not COUNTED_FROM or not COUNTED_FROM[0] <= now < COUNTED_FROM[0] + 2 * HOUR:  # the second where a test travels in time
        COUNTED_FROM[:] = [now.replace(minute=0, second=0, microsecond=0)]
    return COUNTED_FROM[0] + timedelta(hours=1 + hours, minutes=minutes)


def team(slug: str) -> Team:
    return Team.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]


def person(name: str, *held: tuple[str, Role], administrator: bool = False) -> Person:
    found, _ = Person.objects.get_or_create(email=f"{name}@example.org", defaults={"name": name.title(), "is_superuser": administrator})
    for slug, role in held:
        Membership.objects.get_or_create(team=team(slug), person=found, role=role.value)
    return found


def actor(name: str, *held: tuple[str, Role], administrator: bool = False) -> Actor:
    return actor_for(person(name, *held, administrator=administrator), via="test")


def service(
    slug: str, owner: str = "shop", *, tier: int = 3, environments: tuple[str, ...] = ("production",), regions: tuple[str, ...] = ("r1",)
) -> Service:
    found, _ = Service.objects.get_or_create(slug=slug, defaults={"name": slug.title(), "team": team(owner), "tier": tier})
    for environment in environments:
        e, _ = Environment.objects.get_or_create(
            slug=environment, defaults={"name": environment, "is_production": environment == "production"}
        )
        for region in regions:
            r, _ = Region.objects.get_or_create(slug=region, defaults={"name": region})
            Deployment.objects.get_or_create(service=found, environment=e, region=r)
    return found


def needs(one: str, other: str) -> None:
    Dependency.objects.get_or_create(service=Service.objects.get(slug=one), depends_on=Service.objects.get(slug=other))


def draft_of(actor: Actor, slug: str = "orders", *, starts_at: datetime | None = None, hours: float = 1, **said: Any) -> Draft:
    """A valid request of the team shop for one service."""
    assert actor.person_id is not None
    begins = starts_at or soon()
    given: dict[str, Any] = {
        "title": "Migrate the schema",
        "reason": "Orders need a currency.",
        "team": "shop",
        "owner_id": actor.person_id,
        "coordinator_id": actor.person_id,
        "starts_at": begins,
        "ends_at": begins + timedelta(hours=hours),
        "scope": (ScopeRow(slug, "production"),),
    }
    return Draft(**(given | said))


def window(actor: Actor, slug: str = "orders", **said: Any) -> Window:
    """A saved draft; the service is made where it is missing."""
    service(slug)
    return create_draft(actor, draft_of(actor, slug, **said))


def template(actor: Actor, slug: str = "orders", **said: Any) -> ChangeTemplate:
    """A standard change of the team shop that allows `window(actor, slug)`."""
    given: dict[str, Any] = {"name": "Migrate the schema", "team": "shop", "reason": "Orders need a currency.", "minutes": 60}
    return make_template(actor, TemplateDraft(**(given | {"scope": (ScopeRow(slug, "production"),)} | said)))
