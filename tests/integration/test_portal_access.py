"""Every address × every role: generated from the URLconf, so that a new address cannot forget to ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from portal.api.models import StoredAnswer
from tests import given_notices, given_signals
from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import Caller, browser, token_of
from windows.access.roles import Role, Verb
from windows.alerts.models import Alert
from windows.approvals.models import Policy
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person, Service
from windows.delivery.models import Channel, Message
from windows.execution.models import Surface, clock
from windows.flags.models import Node
from windows.incidents.models import Incident
from windows.reviews.models import FollowUp, Postmortem
from windows.runbooks.models import Runbook, RunbookSource, RunbookVersion
from windows.scheduling.commands.series import Pattern, create_series
from windows.scheduling.models import (
    CalendarSource,
    ChangeCalendar,
    ChangeTemplate,
    ConcurrencyLimit,
    Feed,
    Freeze,
    FreezeException,
    IncompleteNotice,
    MoveRequest,
    Override,
    ProviderObject,
    SavedView,
    WebhookSecret,
    WindowBudget,
)  # fmt: skip

pytestmark = pytest.mark.django_db
OPEN = {"healthz", "readyz", "metrics", "sign-in/", "sign-out/", "api/schema/", "feeds/<str:token>.ics", "static/<path:path>", ""}
OPEN |= {"schemas/runbook.json"}  # the language of runbooks, for editors
OPEN |= {"approvals/by-mail/<str:secret>"}  # whoever has the address decides, as one person about one request: test_approvals_reminders
OPEN |= {"status/", "status/<path:path>"}  # the page for everybody
OPEN |= {"api/v1/calendars-in/<int:source_id>/webhook"}  # whoever signs with its secret: test_webhooks_in
METHODS = ("POST", "PUT", "PATCH", "DELETE")
OWN = {
    "api/v1/me",
    "api/v1/me/password",
    "api/v1/tokens",
    "api/v1/feeds",
    "settings/sessions/end",
    "api/v1/delegations",
    "settings/delegations/",
}  # about oneself
OWN |= {"api/v1/runbooks/check", "api/v1/change-oracle/state"}  # about nothing: they only ask

# Calendars in belong to no team: the owner of any may bring them in.
OF_NO_TEAM = {
    f"api/v1/{rest}" for rest in ("external-windows", "calendars-in", "calendars-in/<int:source_id>", "notices/<int:notice_id>/settle")
}
OF_NO_TEAM |= {"api/v1/notices/<int:notice_id>/complete", "api/v1/change-calendars", "api/v1/change-calendars/<slug:slug>"}
OF_NO_TEAM |= {
    f"settings/calendars-in/{rest}"
    for rest in ("<int:source_id>/remove", "file", "new", "notices/<int:notice_id>", "notices/<int:notice_id>/set-aside")
}
OF_NO_TEAM |= {"api/v1/calendars-in/<int:source_id>/secrets", "api/v1/calendars-in/<int:source_id>/secrets/<int:secret_id>"}
OF_NO_TEAM |= {f"settings/calendars-in/<int:source_id>/webhook{rest}" for rest in ("", "/<int:secret_id>/end")}
OF_NO_TEAM |= {f"settings/change-calendars/{rest}" for rest in ("new", "<slug:slug>/remove")}


# Whoever has a say in any team may report of any service.
REPORTERS = {"member elsewhere", "owner elsewhere", "on-call elsewhere"}


def is_report(route: str) -> bool:
    return route.removeprefix("api/v1/").startswith(("incidents", "complaints"))


def routes(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            yield from routes(entry, route)
        else:
            yield route, entry.callback


ROUTES = sorted(dict(routes()).items())
GUARDED = [(route, view) for route, view in ROUTES if route not in OPEN]


def methods_of(view: Any) -> list[str]:
    shape = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if shape is not None and hasattr(shape, "http_method_names"):
        return [name.upper() for name in shape.http_method_names if name != "options" and hasattr(shape, name)]
    return ["GET", "POST"]


@pytest.fixture
def world() -> dict[str, Any]:
    """A confidential window with a run, a freeze, a policy, a node, a runbook, a feed and a token: all of team shop."""
    ada = given.actor("ada", ("shop", Role.OWNER))
    window = given.window(ada, confidential=True)
    run = runs.run_of(runs.step(status="failed", attempt=1), window=window)
    Postmortem.objects.create(window=window, draft=[], answers=[], text="Too late.", drafted_by="ada")
    first = given.window(ada, confidential=True)
    series = create_series(ada, first.pk, Pattern(rrule="FREQ=WEEKLY;COUNT=2"), first.version)
    begins = given.soon()
    freeze = Freeze.objects.create(
        title="Peak",
        starts_at=begins,
        ends_at=begins.replace(year=begins.year + 1),
        created_by_id=ada.person_id,
        severity="hard",
        teams=["shop"],
    )
    policy = Policy.objects.create(name="All", position=1)
    node = Node.objects.create(name="n1", service="orders", environment="production", region="r1", digest="0" * 64)
    book = Runbook.objects.create(slug="book", title="Book", team="shop")
    RunbookVersion.objects.create(runbook=book, number=1, digest="1" * 64, source="x", created_by="ada")
    surface = Surface.objects.create(
        run=run, window=window, kind="silence", name="orders: Slow", desired={}, status="drifted", due_at=clock(), drifted_at=clock()
    )
    feed = Feed.objects.create(person_id=ada.person_id, kind="all", digest="2" * 64)
    token_of(ada)
    source = CalendarSource.objects.create(name="Circuits", provider="example.com", created_by_id=ada.person_id)
    lead = ProviderObject.objects.create(provider="example.com", object="C-1", service=Service.objects.get(slug="orders"))
    ChangeCalendar.objects.create(name="bank", opens_by_default=True, kept_by_id=ada.person_id)
    notice = IncompleteNotice.objects.create(missing=["UID"], raw="x", digest="3" * 64, via="upload")
    return {
        "measure_id": "M1",
        "source_id": source.pk,
        "secret_id": WebhookSecret.objects.create(source=source, salt="4" * 32, made_by_id=ada.person_id).pk,
        "object_id": lead.pk,
        "notice_id": notice.pk,
        "window": window,
        "run": run,
        "reference": window.reference,
        "run_id": run.pk,
        "freeze_id": freeze.pk,
        "series_id": series.pk,
        "repository_id": RunbookSource.objects.create(repository="/srv/books", team="shop", created_by="ada").pk,
        "budget_id": WindowBudget.objects.create(at_most=100).pk,
        "policy_id": policy.pk,
        "node_id": node.pk,
        "exception_id": FreezeException.objects.create(freeze=freeze, team="shop", reason="It must.", made_by_id=ada.person_id).pk,
        "request_id": MoveRequest.objects.create(
            window=window, asking=given.window(ada, "mail"), asked_by_id=ada.person_id, message="Please."
        ).pk,
        "override_id": Override.objects.create(
            window=window,
            key="k",
            what="orders",
            who="Peak",
            why="It is frozen.",
            reason="It must.",
            asked_by_id=ada.person_id,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            expires_at=window.ends_at,
        ).pk,
        "rival": given.window(ada, "mail", starts_at=given.soon(40)).reference,
        "limit_id": ConcurrencyLimit.objects.create(title="One of shop", at_most=1, severity="soft", team=window.team).pk,
        "one": "r1",
        "other": "r2",
        "feed_id": feed.pk,
        "template_id": ChangeTemplate.objects.create(
            name="Reindex", team=window.team, reason="Why", scope=[], mode="degraded", minutes=60, made_by_id=ada.person_id
        ).pk,
        "saved_view_id": SavedView.objects.create(person_id=ada.person_id, name="Mine", query="zoom=day").pk,
        "surface_id": surface.pk,
        "incident_id": Incident.objects.create(title="Down", severity="major", started_at=clock(), via="api", reported_by="ada").pk,
        "follow_up_id": FollowUp.objects.create(
            window=window, title="Check", owner_id=ada.person_id, due_on=clock().date(), made_by="ada"
        ).pk,
        "alert_id": Alert.objects.create(
            fingerprint="f", starts_at=clock(), name="Down", action="page", group="g", window=window.reference
        ).pk,
        "channel_id": Channel.objects.create(team="shop", kind="email", name="Team", address="t@example.org", urgencies=["page"]).pk,
        "message_id": Message.objects.create(
            dedup_key="k", channel="email", recipient="a@example.org", urgency="page", title="t", body="b", status="dead", wake_at=None
        ).pk,
        "token_id": Person.objects.get(pk=ada.person_id).tokens.get().pk,
        "person_id": ada.person_id,
        "position": 1,
        "delegation_id": 1,
        "extension_id": 1,
        "external_ref": "ci-1",
        "number": 1,
        "role": "owner",
        "depends_on": "orders",
        "verb": "hold",
        "part": "plan",
        "key": "before",
        "trace_id": "a" * 32,
        "service": "orders",
        "environment": "production",
    }


SLUGS = {"change-calendars": "bank", "runbooks": "book", "teams": "shop", "objectives": "orders-writes"}


def address(route: str, world: dict[str, Any]) -> str:
    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if name == "slug":
            return next((slug for part, slug in SLUGS.items() if part in route), "orders")
        return str(world[name])

    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", fill, route)


WORDS: dict[str, Any] = {
    **dict.fromkeys(("starts_at", "ends_at", "expires_at", "at"), "2030-01-01T00:00:00Z"),
    **dict.fromkeys(("service", "depends_on"), "orders"),
    "environment": "production",
    "region": "r1",
    "team": "shop",
    "slug": "sss",
    "target": "0.99",
    "email": "x@example.org",
    "password": "a very long password",
    "scopes": ["read"],
}


@cache
def schema() -> dict[str, Any]:
    return json.loads(Client().get("/api/schema/").content)


TELEMETRY = {  # empty bodies would tell nothing of whose they are
    "api/v1/traces": given_signals.traces(given_signals.span(datetime.now(UTC))),
    "api/v1/logs": given_signals.logs(given_signals.line(datetime.now(UTC))),
    "api/v1/metrics": given_signals.metrics(given_signals.counter("requests", given_signals.point(datetime.now(UTC), 1))),
}


def body_for(route: str, method: str) -> Any:
    """A body that has the right shape by the API's own description, so that what refuses is the guard."""
    if route in TELEMETRY:
        return TELEMETRY[route]
    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    content = schema()["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    if "text/calendar" in content:
        return given_notices.note()
    return made(content["application/json"]["schema"]) if content else {}


def made(shape: dict[str, Any], name: str = "") -> Any:
    if "$ref" in shape:
        return made(schema()["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]], name)
    if name in WORDS:
        return WORDS[name]
    if "allOf" in shape:
        return made(shape["allOf"][0], name)
    if "enum" in shape:
        return shape["enum"][0]
    match shape.get("type"):
        case "object":
            return {key: made(part, key) for key, part in shape.get("properties", {}).items() if key in shape.get("required", [])}
        case "array":
            return [made(shape["items"], name)]
        case "integer" | "number":
            return max(1, shape.get("minimum", 1))
        case "boolean":
            return True
        case _:
            return "text"


ROLES: dict[str, tuple[tuple[str, Role], ...]] = {
    "nobody in any team": (),
    "viewer elsewhere": (("find", Role.VIEWER),),
    "member elsewhere": (("find", Role.MEMBER),),
    "owner elsewhere": (("find", Role.OWNER),),
    "on-call elsewhere": (("find", Role.ON_CALL),),
    "viewer of the team": (("shop", Role.VIEWER),),
}


@pytest.mark.parametrize("who", ROLES)
def test_r_s01_no_address_acts_for_somebody_without_the_right(world, who: str) -> None:
    """Writing by people who may not: no 2xx, nothing in the trail, and a confidential window is not even confirmed to be there."""
    actor = given.actor("eve", *ROLES[who])
    program, person, tried = Caller(token_of(actor)), browser(actor), 0
    before = AuditEntry.objects.count()
    unexpected = []
    for route, view in GUARDED:
        for method in set(methods_of(view)) & set(METHODS):
            if route in OWN or (route in OF_NO_TEAM and who == "owner elsewhere") or (is_report(route) and who in REPORTERS):
                continue
            path = address(route, world)
            if route.startswith("api/"):
                response = program.send(method, path, body_for(route, method), If_Match='"1"')
            else:
                response = person.post(path, {"reason": "because", "choice": "yes"})
            tried += 1
            secret = "<str:reference>" in route or "<int:run_id>" in route
            allowed = {403, 404, 405, 409, 412, 422, 428} if who == "viewer of the team" or not secret else {404, 405, 422}
            if response.status_code not in allowed:
                unexpected.append(f"{method} {path}: {response.status_code}")
    print(f"{who}: {tried} tries, {len(unexpected)} unexpected")
    assert not unexpected
    assert tried > 50
    assert AuditEntry.objects.count() == before


def test_r_s01_a_stranger_reaches_nothing(world) -> None:
    unexpected, unknown = [], Client(raise_request_exception=False)
    for route, view in GUARDED:
        for method in methods_of(view):
            path = address(route, world)
            response = unknown.generic(method, path, b"{}", "application/json")
            refused = response.status_code in ({401, 405} if route.startswith("api/") else {302, 401, 403, 405})
            if not refused or (response.status_code == 302 and not response["Location"].startswith("/sign-in/")):
                unexpected.append(f"{method} {path}: {response.status_code}")
    assert not unexpected


def test_r_s05_reading_changes_nothing(world) -> None:
    """GET of every address as the owner: no 5xx, no entry in the trail, no state moved."""
    ada = Person.objects.get(name="Ada")
    client, program = browser(ada), Caller(token_of(ada))
    before = AuditEntry.objects.count()
    status = world["run"].status
    broken = []
    for route, view in GUARDED:
        if "GET" not in methods_of(view):
            continue
        path = address(route, world)
        response = program.get(path) if route.startswith("api/") else client.get(path)
        if response.status_code >= 500:
            broken.append(f"{path}: {response.status_code} {response.content[:200]!r}")
    assert not broken
    assert AuditEntry.objects.count() == before
    world["run"].refresh_from_db()
    assert world["run"].status == status


def test_r_s05_a_form_of_another_site_is_refused(world) -> None:
    ada = Person.objects.get(name="Ada")
    client = browser(ada, checks_csrf=True)
    for route, view in GUARDED:
        if route.startswith("api/") or "POST" not in methods_of(view):
            continue
        response = client.post(address(route, world), {"reason": "because"}, headers={"Origin": "https://evil.example"})
        assert response.status_code in (403, 404, 405), route


# --- L5: what a mutating address does stands in the trail -------------------------------------------------------------------

SILENT = {  # changes nothing that a trail is about
    "api/v1/runbooks/check",
    "api/v1/change-oracle/state",
    "api/v1/objectives/<slug:slug>/measurements",  # measurements are no acts: commands.objectives says so
    *TELEMETRY,  # nor is telemetry: signals.commands.keeping says so
}


def test_r_l05_every_mutating_address_is_known_to_leave_an_entry(world) -> None:
    """Each mutating API address calls a command; each command it can reach records. Held by the commands' own source."""
    import inspect

    missing = []
    for route, view in GUARDED:
        shape = getattr(view, "cls", None)
        if shape is None or route in SILENT:
            continue
        for method in set(methods_of(view)) & set(METHODS):
            text = inspect.getsource(getattr(shape, method.lower()))
            module = inspect.getmodule(getattr(shape, method.lower()))
            called = [getattr(module, name, None) for name in re.findall(r"\b([a-z_]+)\(", text)]
            called += [getattr(getattr(module, outer, None), name, None) for outer, name in re.findall(r"\b([a-z_]+)\.([a-z_]+)\(", text)]
            called += [getattr(module, name, None) for name in re.findall(r"= ([a-z_]+) if ", text)] + [
                getattr(module, name, None) for name in re.findall(r" else ([a-z_]+)\b", text)
            ]
            commands = [one for one in called if callable(one) and ".commands" in getattr(one, "__module__", "")]
            if not commands or not any(records(one) for one in commands):
                missing.append(f"{method} /{route}")
    assert not missing


def records(command: Any, depth: int = 0) -> bool:
    """Whether a command, or what it calls within its slice's commands, writes to the trail."""
    import inspect

    text = inspect.getsource(inspect.unwrap(command))
    if re.search(r"\brecord\(|\bmove\(|\btell\(|\bbecome\(", text):
        return True
    module = inspect.getmodule(inspect.unwrap(command))
    inner = [getattr(module, name, None) for name in set(re.findall(r"\b(_?[a-z_]+)\(", text))]
    reachable = [one for one in inner if callable(one) and ".commands" in getattr(one, "__module__", "") and one is not command]
    return depth < 4 and any(records(one, depth + 1) for one in reachable)


def test_a_token_reads_only_with_its_scope(world) -> None:
    ada = Person.objects.get(name="Ada")
    program = Caller(token_of(ada, Verb.START.value))
    for route, view in GUARDED:
        if route.startswith("api/v1/") and "GET" in methods_of(view):
            assert program.get(address(route, world)).status_code == 403, route


def test_errors_of_every_address_are_problems(world) -> None:
    program = Caller(token_of(Person.objects.get(name="Ada")))
    for route, view in GUARDED:
        if not route.startswith("api/v1/"):
            continue
        for method in methods_of(view):
            response = program.send(method, address(route, world), b"{", If_Match='"999"') if method in METHODS else None
            if response is not None and response.status_code >= 400:
                assert response["Content-Type"] == "application/problem+json", route
                assert response.status_code < 500, (route, method, response.content)
                assert json.loads(response.content)["status"] == response.status_code
    assert not StoredAnswer.objects.exists()
