"""Teams and who is what in them. Every account has the password that logins.txt prints."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password

from windows.access.roles import SETUP, Actor, Role
from windows.catalogue.commands.people import define_person
from windows.catalogue.commands.teams import add_membership, define_team
from windows.catalogue.models import Person, Team
from windows.catalogue.queries import actor_for

PASSWORD = "roadworks-example"  # noqa: S105  (of the example only: it exists nowhere else)
DOMAIN = "shop.example"
TEAMS = {
    "orders": "Orders",
    "baskets": "Baskets",
    "payments": "Payments",
    "storefront": "Storefront",
    "discovery": "Search and discovery",
    "platform": "Platform and reliability",
}
PEOPLE: dict[str, tuple[str, str, tuple[tuple[str, Role], ...]]] = {  # account: name, time zone, roles
    "ada": ("Ada Lindqvist", "Europe/Stockholm", (("orders", Role.OWNER),)),
    "ben": ("Ben Okafor", "Europe/London", (("orders", Role.COORDINATOR), ("orders", Role.MEMBER))),
    "chiara": ("Chiara Rossi", "Europe/Rome", (("platform", Role.SRE),)),
    "dag": ("Dag Haugen", "Europe/Oslo", (("baskets", Role.OWNER),)),
    "elif": ("Elif Demir", "Europe/Berlin", (("baskets", Role.COORDINATOR), ("baskets", Role.MEMBER))),
    "farid": ("Farid Nazari", "Europe/Berlin", (("payments", Role.OWNER),)),
    "gwen": ("Gwen Pritchard", "Europe/London", ()),  # administrator
    "hana": ("Hana Sato", "Asia/Tokyo", (("storefront", Role.OWNER), ("discovery", Role.OWNER))),
    "ivo": ("Ivo Marek", "Europe/Prague", (("orders", Role.ON_CALL), ("baskets", Role.ON_CALL))),
    "jun": ("Jun Park", "America/New_York", (("platform", Role.SRE), ("platform", Role.OWNER))),
    "kim": ("Kim Andersson", "Europe/Stockholm", (("storefront", Role.COORDINATOR), ("discovery", Role.COORDINATOR))),
    "lea": ("Léa Martin", "Europe/Paris", (("payments", Role.COORDINATOR), ("payments", Role.MEMBER))),
    "max": ("Max Weber", "Europe/Berlin", (("platform", Role.VIEWER),)),
}
ADMINISTRATOR = "gwen"


def address(account: str) -> str:
    return f"{account}@{DOMAIN}"


def load() -> None:
    there = set(Team.objects.values_list("slug", flat=True))
    for slug, name in TEAMS.items():
        if slug not in there:
            define_team(SETUP, slug, name, example=True)
    known = set(Person.objects.values_list("email", flat=True))
    new = [account for account in PEOPLE if address(account) not in known]
    for account in new:
        name, timezone, roles = PEOPLE[account]
        person = define_person(SETUP, address(account), name, timezone=timezone, administrator=account == ADMINISTRATOR, example=True)
        for team, role in roles:
            add_membership(SETUP, team, person.pk, role.value)
    if new:  # one hash for all: hashing is slow on purpose, and these passwords are no secret
        Person.objects.filter(email__in=map(address, new)).update(password=make_password(PASSWORD))


def acting(account: str) -> Actor:
    """The person as who acts, with the rights they have."""
    return actor_for(Person.objects.get(email=address(account)), via=SETUP.via)


def person_id(account: str) -> int:
    return Person.objects.values_list("pk", flat=True).get(email=address(account))
