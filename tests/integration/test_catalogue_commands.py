"""The catalogue's guarded verbs: what they write, whom they refuse, what the trail says of it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.management import CommandError, call_command

from windows.access import roles
from windows.access.roles import SETUP, Actor, Role, Verb
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.commands.dependencies import declare_dependency, withdraw_dependency
from windows.catalogue.commands.people import change_password, define_person, disable_person, edit_person, enable_person
from windows.catalogue.commands.places import define_environment, define_region
from windows.catalogue.commands.services import define_service, deploy_service, edit_service, hand_over_service
from windows.catalogue.commands.teams import add_membership, define_team, remove_membership
from windows.catalogue.commands.tokens import issue_token, revoke_token
from windows.catalogue.models import ApiToken, Membership, Person, Service
from windows.catalogue.queries import actor_for, authenticate_token, expand_scope, holders, subject_of_service
from windows.errors import Conflict, Forbidden, Invalid, NotFound, Stale

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def person(name: str, *roles: tuple[str, str], administrator: bool = False) -> Person:
    made = define_person(SETUP, f"{name}@example.org", name.title(), password=PASSWORD, administrator=administrator)
    for team, role in roles:
        define_team(SETUP, team, team.title())
        add_membership(SETUP, team, made.pk, role)
    return made


def acting(name: str, *roles: tuple[str, str], administrator: bool = False) -> Actor:
    return actor_for(person(name, *roles, administrator=administrator), via="browser")


def kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("kind", flat=True))


def test_actor_for_reads_roles_in_one_query(django_assert_num_queries) -> None:
    ada = person("ada", ("payments", "owner"), ("search", "viewer"))
    with django_assert_num_queries(1):
        actor = actor_for(ada, via="browser")
    assert actor.roles == {("payments", Role.OWNER), ("search", Role.VIEWER)}
    assert actor.scopes is None
    assert not actor.administrator


def test_r_s21_a_lost_role_is_lost_at_the_next_request() -> None:
    ada = person("ada", ("payments", "owner"))
    define_service(actor_for(ada, via="browser"), "orders", "Orders", "payments")
    remove_membership(SETUP, "payments", ada.pk, "owner")
    with pytest.raises(Forbidden):
        edit_service(actor_for(ada, via="browser"), "orders", {"tier": 1}, 1)


@pytest.mark.parametrize("administrator", [False, True])
def test_r_s21_nobody_gives_themselves_a_role(administrator: bool) -> None:
    ada = acting("ada", ("payments", "owner"), administrator=administrator)
    assert ada.person_id
    with pytest.raises(Forbidden):
        add_membership(ada, "payments", ada.person_id, "coordinator")
    assert Membership.objects.count() == 1


def test_r_s21_only_administrators_and_team_owners_give_roles() -> None:
    bob = person("bob")
    add_membership(acting("ada", ("payments", "owner")), "payments", bob.pk, "member")
    for role in ("viewer", "member", "coordinator", "on_call", "sre"):
        with pytest.raises(Forbidden):
            add_membership(acting(f"eve-{role}".replace("_", "-"), ("payments", role)), "payments", bob.pk, "viewer")
    with pytest.raises(Forbidden):  # an owner elsewhere
        add_membership(acting("zoe", ("search", "owner")), "payments", bob.pk, "viewer")
    with pytest.raises(Forbidden):  # SRE counts in every team
        add_membership(acting("ada2", ("payments", "owner")), "payments", bob.pk, "sre")
    add_membership(acting("root", administrator=True), "payments", bob.pk, "sre")
    with pytest.raises(Invalid):
        add_membership(acting("root2", administrator=True), "payments", bob.pk, "administrator")


def test_tokens_are_shown_once_and_stored_as_a_digest() -> None:
    ada = acting("ada", ("payments", "owner"))
    token, raw = issue_token(ada, "CI", ["read", "start"], clock() + timedelta(days=30))
    assert raw.startswith("rw_")
    assert len(raw) >= 46
    assert raw not in str(ApiToken.objects.values().get()) + str(list(AuditEntry.objects.values()))
    actor = authenticate_token(raw)
    assert actor
    assert actor.scopes == {"read", "start"}
    assert actor.roles == ada.roles
    used = ApiToken.objects.get(pk=token.pk).last_used_at
    authenticate_token(raw)
    assert used is not None
    assert ApiToken.objects.get(pk=token.pk).last_used_at == used  # once a minute
    with pytest.raises(Forbidden):
        issue_token(actor, "wider", [verb.value for verb in Verb], clock() + timedelta(days=30))
    assert authenticate_token(raw + "x") is None


@pytest.mark.parametrize(
    ("field", "scopes", "life"),
    [
        ("scopes", ["everything"], timedelta(days=1)),
        ("scopes", [], timedelta(days=1)),
        ("expires_at", ["read"], timedelta(days=366)),
        ("expires_at", ["read"], timedelta(0)),
    ],
)
def test_tokens_refuse(field: str, scopes: list[str], life: timedelta) -> None:
    with pytest.raises(Invalid) as refused:
        issue_token(acting("ada"), "CI", scopes, clock() + life)
    assert refused.value.field == field


def test_revoked_and_expired_tokens_open_nothing() -> None:
    ada, bob = acting("ada"), acting("bob")
    token, raw = issue_token(ada, "CI", ["read"], clock() + timedelta(days=30))
    with pytest.raises(NotFound):
        revoke_token(bob, token.pk)
    assert authenticate_token(raw)
    revoke_token(ada, token.pk)
    revoke_token(ada, token.pk)
    assert authenticate_token(raw) is None
    assert kinds().count("token.revoked") == 1
    old, raw = issue_token(ada, "CI", ["read"], clock() + timedelta(days=30))
    ApiToken.objects.filter(pk=old.pk).update(expires_at=clock())
    assert authenticate_token(raw) is None


def test_r_s06_disabling_ends_sessions_and_tokens_for_good(client) -> None:
    ada = person("ada")
    root = acting("root", administrator=True)
    _, raw = issue_token(actor_for(ada, via="browser"), "CI", ["read"], clock() + timedelta(days=30))
    assert client.login(username="ada@example.org", password=PASSWORD)
    assert signed_in(client)
    disable_person(root, ada.pk, "left")
    assert not signed_in(client)
    assert authenticate_token(raw) is None
    enable_person(root, ada.pk)
    assert not signed_in(client)
    assert authenticate_token(raw) is None
    with pytest.raises(Forbidden):
        disable_person(acting("bob"), ada.pk, "spite")
    with pytest.raises(Conflict):
        disable_person(root, root.person_id or 0, "by mistake")


def test_r_s06_a_new_password_ends_sessions(client) -> None:
    ada = person("ada")
    client.login(username="ada@example.org", password=PASSWORD)
    change_password(actor_for(ada, via="browser"), ada.pk, "another long passphrase")
    assert not signed_in(client)


def test_r_s06_signing_in_changes_the_session_key(client) -> None:
    person("ada")
    client.session.save()
    fixed = client.session.session_key
    client.login(username="ada@example.org", password=PASSWORD)
    assert client.session.session_key != fixed


def signed_in(client) -> bool:
    """What Django's own authentication makes of the cookie the client holds."""
    from django.contrib.auth import get_user
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = client.session
    return SESSION_KEY in request.session and get_user(request).is_authenticated


@pytest.mark.parametrize("field", ["slug", "team", "team_id", "version", "id", "is_example", "pk", "__class__"])
def test_r_s02_services_take_only_named_fields(field: str) -> None:
    sre = acting("sam", ("platform", "sre"))
    define_service(sre, "orders", "Orders", "platform")
    before = Service.objects.values().get()
    with pytest.raises(Invalid) as refused:
        edit_service(sre, "orders", {"name": "New", field: 7}, 1)
    assert refused.value.field == field
    assert Service.objects.values().get() == before


@pytest.mark.parametrize("field", ["email", "is_superuser", "is_staff", "is_active", "password", "sessions_generation", "groups", "id"])
def test_r_s02_people_take_only_named_fields(field: str) -> None:
    ada = acting("ada")
    before = Person.objects.values().get()
    with pytest.raises(Invalid):
        edit_person(ada, ada.person_id or 0, {"name": "Ada L.", field: True})
    assert Person.objects.values().get() == before


def test_services_are_edited_by_version() -> None:
    owner = acting("ada", ("payments", "owner"))
    define_service(owner, "orders", "Orders", "payments", tier=1)
    with pytest.raises(Conflict):
        define_service(owner, "orders", "Orders", "payments")
    assert edit_service(owner, "orders", {"tier": 2, "monthly_active_users": 10}, 1).version == 2
    with pytest.raises(Stale):
        edit_service(owner, "orders", {"tier": 3}, 1)
    assert edit_service(owner, "orders", {"tier": 2}, 2).version == 2
    with pytest.raises(Invalid) as refused:
        edit_service(owner, "orders", {"tier": 9}, 2)
    assert refused.value.field == "tier"
    assert kinds()[-2:] == ["service.created", "service.edited"]
    with pytest.raises(Forbidden):
        define_service(acting("bob", ("payments", "member")), "mail", "Mail", "payments")
    with pytest.raises(Forbidden):
        hand_over_service(acting("eve", ("search", "owner")), "orders", "search", None)


def test_scopes_expand_to_deployments() -> None:
    sre = acting("sam", ("platform", "sre"))
    for region in ("north", "south"):
        define_region(sre, region, region.title())
    define_environment(sre, "production", "Production", production=True)
    define_environment(sre, "staging", "Staging")
    define_service(sre, "orders", "Orders", "platform")
    define_service(sre, "mail", "Mail", "platform")
    deploy_service(sre, "orders", [("production", "north"), ("production", "south"), ("staging", "north")])
    deploy_service(sre, "mail", [("production", "north")])
    assert [(p.environment, p.region) for p in expand_scope("orders", "production")] == [("production", "north"), ("production", "south")]
    assert [p.service for p in expand_scope("*", "production", "north")] == ["mail", "orders"]
    for bad, field in (
        (("x", "production", "*"), "service"),
        (("mail", "staging", "*"), "environment"),
        (("mail", "production", "south"), "region"),
    ):
        with pytest.raises(Invalid) as refused:
            expand_scope(*bad)
        assert refused.value.field == field
    deploy_service(sre, "orders", [("production", "south")])
    assert [p.region for p in expand_scope("orders", "*")] == ["south"]


def test_dependencies() -> None:
    owner = acting("ada", ("payments", "owner"))
    for slug in ("orders", "mail"):
        define_service(owner, slug, slug.title(), "payments")
    declare_dependency(owner, "orders", "mail")
    declare_dependency(owner, "orders", "mail")
    declare_dependency(owner, "mail", "orders")
    assert kinds().count("dependency.declared") == 2
    withdraw_dependency(owner, "mail", "orders")
    with pytest.raises(Invalid):
        declare_dependency(owner, "orders", "orders")
    with pytest.raises(NotFound):
        declare_dependency(owner, "nothing", "mail")
    assert subject_of_service("orders").team == "payments"


def test_holders_are_active_people_each_once() -> None:
    ada = person("ada", ("payments", "on_call"), ("search", "on_call"))
    gone = person("gus", ("payments", "on_call"))
    disable_person(SETUP, gone.pk, "left")
    assert [contact.id for contact in holders(["payments", "search"], Role.ON_CALL)] == [ada.pk]


@pytest.mark.parametrize("broken", ["parts", "visible", "permitted"])
def test_r_s30_an_error_in_permission_code_writes_nothing(monkeypatch, broken: str) -> None:
    sre = acting("sam", ("platform", "sre"))
    define_service(sre, "orders", "Orders", "platform")
    before, told = Service.objects.values().get(), AuditEntry.objects.count()
    asked = []

    def fail(*_: object) -> bool:
        asked.append(1)
        raise RuntimeError("broken")

    monkeypatch.setattr(roles, broken, fail)
    for act in (
        lambda: edit_service(sre, "orders", {"tier": 1}, 1),
        lambda: define_service(sre, "mail", "Mail", "platform"),
        lambda: add_membership(sre, "platform", 1, "owner"),
        lambda: define_person(sre, "eve@example.org", "Eve"),
        lambda: declare_dependency(sre, "orders", "orders"),
    ):
        with pytest.raises(RuntimeError, match="broken"):
            act()
    assert len(asked) == 5
    assert Service.objects.values().get() == before
    assert AuditEntry.objects.count() == told


def test_the_first_administrator_of_an_empty_portal(client, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{PASSWORD}\n"))
    call_command("create_administrator", "Root@example.org", "Root", stdout=StringIO())
    assert Person.objects.get().is_superuser
    assert client.login(username="root@example.org", password=PASSWORD)
    assert kinds() == ["person.created"]
    for line, said in (("short\n", "too short"), (f"{PASSWORD}\n", "has an account")):
        monkeypatch.setattr("sys.stdin", StringIO(line))
        with pytest.raises(CommandError, match=said):
            call_command("create_administrator", "root@example.org", "Root")
