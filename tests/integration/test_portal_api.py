"""The manners of the API: problems, tokens, strict bodies, paging, the description of itself."""

import json
import re

import pytest
from django.db import OperationalError
from jsonschema import Draft202012Validator

from portal.api import parsers
from tests import given_windows as given
from tests.callers import Caller, browser, caller, stranger
from windows.access.roles import Role
from windows.catalogue import queries
from windows.catalogue.models import Service, Team

pytestmark = pytest.mark.django_db


def problem(response, status: int, slug: str) -> dict:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    found = json.loads(response.content)
    assert found["type"] == f"/problems/{slug}"
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert found["request_id"] == response["X-Request-Id"]
    return found


@pytest.fixture
def owner():
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def test_every_refusal_is_a_problem(owner) -> None:
    api = caller(owner)
    assert problem(stranger().get("/teams"), 401, "unauthenticated")
    assert stranger().get("/teams")["WWW-Authenticate"].startswith("Bearer")
    problem(Caller("rw_" + "x" * 43).get("/teams"), 401, "unauthenticated")
    problem(api.get("/nothing-here"), 404, "not-found")
    problem(api.get("/teams/unknown"), 404, "not-found")
    wrong = api.send("DELETE", "/teams")
    problem(wrong, 405, "method-not-allowed")
    assert set(wrong["Allow"].split(", ")) >= {"GET", "POST"}
    problem(api.post("/teams", {"slug": "x", "name": "X"}), 403, "forbidden")
    problem(api.send("POST", "/teams", b"<a/>", **{"Content-Type": "application/xml"}), 415, "unsupported-media-type")


def test_a_person_sees_a_page_instead(client) -> None:
    response = client.get("/nothing-here")
    assert response.status_code == 404
    assert b"Not found" in response.content
    assert response["Content-Type"].startswith("text/html")


def test_a_bad_token_never_falls_back_to_the_session(owner) -> None:
    client = browser(owner)
    assert client.get("/api/v1/me").status_code == 200
    assert client.get("/api/v1/me", headers={"Authorization": "Bearer rw_nonsense"}).status_code == 401


def test_scopes_bound_a_token(owner) -> None:
    only_reads = caller(owner, "read")
    assert only_reads.get("/teams").status_code == 200
    problem(only_reads.post("/services/orders/dependencies", {"depends_on": "orders"}), 403, "forbidden")
    problem(caller(owner, "hold").get("/teams"), 403, "forbidden")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"[" * 60 + b"]" * 60, 400),
        (b'{"name": NaN}', 400),
        (b'{"name": "a", "name": "b"}', 400),
        (b'{"name": "\xff"}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"name": "a\\u0000b"}', 400),
        (b"[1]", 422),
        (b"{" * 100_000, 400),
        (b'{"name": "' + b"x" * 1_048_576 + b'"}', 413),
        (b'{"name": 1e999}', 400),
        (b"9" * 5000, 400),
    ],
)
def test_r_s15_a_strange_body_is_refused_with_a_reason(owner, raw: bytes, status: int) -> None:
    response = caller(owner).send("PATCH", "/services/orders", raw, If_Match='"1"')
    assert response.status_code == status, response.content
    assert json.loads(response.content)["detail"]


def test_a_deep_string_is_no_nesting() -> None:
    assert parsers.parse(json.dumps({"a": "[" * 200 + '\\"'}).encode()) == {"a": "[" * 200 + '\\"'}


@pytest.mark.parametrize("field", ["id", "version", "is_example", "team", "slug", "digest"])
def test_r_s02_fields_nobody_may_write_are_refused_by_name(owner, field: str) -> None:
    before = Service.objects.values().get(slug="orders")
    found = problem(caller(owner).patch("/services/orders", {"name": "New", field: 1}, If_Match='"1"'), 422, "invalid")
    assert found["field"] == field
    assert Service.objects.values().get(slug="orders") == before


def test_r_e12_an_edit_says_which_version_it_edits(owner) -> None:
    api = caller(owner)
    assert api.get("/services/orders")["ETag"] == '"1"'
    assert api.patch("/services/orders", {"name": "One"}).status_code == 428
    assert api.patch("/services/orders", {"name": "One"}, If_Match='"1"').status_code == 200
    found = problem(api.patch("/services/orders", {"name": "Two"}, If_Match='"1"'), 412, "stale")
    assert found["current"] == 2
    assert Service.objects.get(slug="orders").name == "One"


def test_pages_by_cursor_meet_every_row_once(owner) -> None:
    for n in range(7):
        Team.objects.create(slug=f"t{n}", name=f"T{n}")
    api, seen, cursor = caller(owner), [], ""
    while True:
        page = json.loads(api.get(f"/teams?limit=3&cursor={cursor}").content)
        seen += [row["slug"] for row in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert sorted(seen) == sorted(["shop", *(f"t{n}" for n in range(7))])
    assert len(seen) == len(set(seen))
    problem(api.get("/teams?cursor=nonsense"), 422, "invalid")
    problem(api.get("/teams?limit=100000"), 422, "invalid")
    assert problem(api.get("/services?teem=shop"), 422, "invalid")["field"] == "teem"


def test_a_list_costs_the_same_however_long_it_is(owner, django_assert_num_queries) -> None:
    api = caller(owner)
    api.get("/services")
    with django_assert_num_queries(2):  # token, rows
        api.get("/services")
    for n in range(5):
        given.service(f"s{n}")
    with django_assert_num_queries(2):
        api.get("/services")


def test_a_session_needs_the_csrf_token(owner) -> None:
    person = queries.Person.objects.get(pk=owner.person_id)
    person.set_unusable_password()
    person.save()
    client = browser(person, checks_csrf=True)
    body = json.dumps({"name": "Ada L"})
    refused = client.patch("/api/v1/me", body, content_type="application/json")
    problem(refused, 403, "forbidden")
    client.get("/sign-in/?next=/")
    client.cookies["csrftoken"] = "a" * 32
    assert client.patch("/api/v1/me", body, content_type="application/json", headers={"X-CSRFToken": "a" * 32}).status_code == 200


def test_r_s30_an_exception_while_judging_denies(owner, monkeypatch) -> None:
    def broken(*args, **named):
        raise RuntimeError("secret inside")

    api = caller(owner)
    with monkeypatch.context() as patch:
        patch.setattr("windows.catalogue.commands.services.require", broken)
        response = api.patch("/services/orders", {"name": "New"}, If_Match='"1"')
        assert b"secret" not in response.content
        problem(response, 500, "unexpected")
    for place in ("authenticate_token", "actor_for"):
        with monkeypatch.context() as patch:
            patch.setattr(f"portal.middleware.{place}", broken)
            who = api.client if place == "authenticate_token" else browser(owner)
            assert who.get("/api/v1/me").status_code == 500
    assert Service.objects.get(slug="orders").name == "Orders"


def test_r_b05_a_database_that_is_away_is_503_with_a_hint(owner, monkeypatch) -> None:
    def away(*args, **named):
        raise OperationalError("server closed the connection")

    api = caller(owner)
    monkeypatch.setattr("portal.middleware.authenticate_token", away)
    response = api.get("/me")
    assert problem(response, 503, "unavailable")["retry_after"] == 2
    assert response["Retry-After"] == "2"
    monkeypatch.setattr("portal.middleware.actor_for", away)
    page = browser(owner).get("/windows/")
    assert page.status_code == 503
    assert page["Retry-After"] == "2"


def test_r_s17_a_strange_host_reaches_nothing(client) -> None:
    response = client.get("/sign-in/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert b"evil" not in response.content
    response = client.get("/sign-in/", headers={"X-Forwarded-Host": "evil.example"})
    assert b"evil" not in response.content


def test_the_api_describes_itself_as_openapi_3_1(client) -> None:
    from django.urls import get_resolver

    response = client.get("/api/schema/")
    assert response.status_code == 200
    schema = json.loads(response.content)
    assert schema["openapi"].startswith("3.1")
    served = {pattern for pattern in routes(get_resolver()) if pattern.startswith("api/v1/")}
    assert {path.lstrip("/") for path in schema["paths"]} == served
    for shape in schema["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all("default" in operation["responses"] for operation in operations)
    assert not re.findall("§|SPEC|INTEROP|TRAPS", response.content.decode()), "a reader of the API does not have our documents"


def routes(resolver, prefix: str = "") -> list[str]:
    """Every route as an OpenAPI path: converters become {name}."""
    found: list[str] = []
    for entry in resolver.url_patterns:
        route = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(entry.pattern))
        found += routes(entry, route) if hasattr(entry, "url_patterns") else [route]
    return found


def test_who_acts_is_asked_anew_at_each_request(owner) -> None:
    client = browser(owner)
    assert client.get("/api/v1/me").status_code == 200
    person = queries.Person.objects.get(pk=owner.person_id)
    person.is_active = False
    person.save()
    assert client.get("/api/v1/me").status_code == 401
