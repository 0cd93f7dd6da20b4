"""Windows over REST: filed, read, listed for the right eyes, called off."""

import json
from datetime import timedelta

import pytest

from tests import given_windows as given
from tests.callers import caller
from windows.access.roles import Role
from windows.audit.models import AuditEntry
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def asked(actor, **said) -> dict:
    begins = given.soon()
    return {
        "title": "Migrate the schema",
        "reason": "Orders need a currency.",
        "team": "shop",
        "owner_id": actor.person_id,
        "coordinator_id": actor.person_id,
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=1)).isoformat(),
        "scope": [{"service": "orders", "environment": "production", "layers": ["L4", "L5"]}],
        **said,
    }


def read(response, status: int = 200):
    assert response.status_code == status, response.content
    return json.loads(response.content) if response.content else None


def test_a_draft_is_filed_and_read_back(ada) -> None:
    api = caller(ada)
    response = api.post("/windows", asked(ada))
    made = read(response, 201)
    assert response["Location"] == f"/api/v1/windows/{made['reference']}"
    assert made["status"] == "draft"
    assert [place["layer"] for place in made["scope"]] == ["L4", "L5"]
    again = api.get(f"/windows/{made['reference'].lower()}")
    assert read(again) == made
    assert again["ETag"] == f'"{made["version"]}"'
    entry = AuditEntry.objects.get(kind="window.created")
    assert entry.request_id == response["X-Request-Id"]
    assert entry.via.startswith("api:")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"ends_at": "2001-01-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": "2027-01-01T00:00:00"}, "starts_at"),
        ({"scope": []}, "scope"),
        ({"scope": [{"service": "nope", "environment": "production"}]}, "scope.0.service"),
        ({"scope": [{"service": "orders", "environment": "production", "colour": "red"}]}, "scope.0.colour"),
        ({"mode": "sideways"}, "mode"),
        ({"owner_id": 2**70}, "owner_id"),
        ({"status": "approved"}, "status"),
        ({"holds_slot": True}, "holds_slot"),
        ({"created_by": 1}, "created_by"),
    ],
)
def test_r_s02_a_request_names_the_field_that_is_wrong(ada, change: dict, field: str) -> None:
    found = read(caller(ada).post("/windows", asked(ada, **change)), 422)
    assert found["field"] == field, found
    assert not Window.objects.exists()


def test_a_scope_that_was_read_can_be_sent_back(ada) -> None:
    api = caller(ada)
    made = read(api.post("/windows", asked(ada)), 201)
    again = read(
        api.post("/windows", asked(ada, scope=made["scope"], starts_at=given.soon(90).isoformat(), ends_at=given.soon(91).isoformat())), 201
    )
    assert again["scope"] == made["scope"]
    both = {"service": "orders", "environment": "production", "layer": "L4", "layers": ["L4"]}
    found = read(api.post("/windows", asked(ada, scope=[both])), 422)
    assert found["field"] == "scope.0.layer" and "not both" in found["detail"]


def test_a_value_that_is_none_of_the_choices_is_answered_with_those_that_are(ada) -> None:
    api = caller(ada)
    found = read(api.post("/windows", asked(ada, mode="readonly")), 422)
    assert "“readonly” is none of the choices: normal, degraded, throttled, rerouted, read_only" in found["detail"]
    for path in ("/windows?status=nonsense", "/calendar?since=2030-01-01T00:00:00Z&until=2030-01-02T00:00:00Z&status=nonsense"):
        assert "There is no status “nonsense”. There are: draft, requested, approved, " in read(api.get(path), 422)["detail"], path
    assert "There is no status “nonsense”. There are: preflight, blocked, " in read(api.get("/runs?status=nonsense"), 422)["detail"]


def test_the_list_filters_and_pages(ada, django_assert_num_queries) -> None:
    given.service("search", "find")
    for n in range(5):
        given.window(ada, starts_at=given.soon(24 + n), title=f"Window {n}")
    api = caller(ada)
    api.get("/me")
    with django_assert_num_queries(3):  # token, mark, rows
        page = read(api.get("/windows?limit=3&service=orders&status=draft"))
    assert [row["title"] for row in page["items"]] == ["Window 4", "Window 3", "Window 2"]
    rest = read(api.get(f"/windows?limit=3&service=orders&cursor={page['next_cursor']}"))
    assert [row["title"] for row in rest["items"]] == ["Window 1", "Window 0"]
    assert rest["next_cursor"] is None
    assert read(api.get("/windows?service=search"))["items"] == []
    assert [row["title"] for row in read(api.get("/windows?q=indow 3"))["items"]] == ["Window 3"]
    reference = page["items"][0]["reference"]
    assert [row["reference"] for row in read(api.get(f"/windows?q={reference}"))["items"]] == [reference]
    assert read(api.get("/windows?status=nonsense"), 422)["field"] == "status"
    assert read(api.get("/windows?since=yesterday"), 422)["field"] == "since"
    assert read(api.get("/windows?_connector=OR"), 422)["field"] == "_connector"


def test_r_s01_a_confidential_window_is_not_there_for_others(ada) -> None:
    window = given.window(ada, confidential=True)
    outsider = caller(given.actor("eve", ("find", Role.OWNER)))
    assert read(outsider.get("/windows"))["items"] == []
    assert read(outsider.get(f"/windows/{window.reference}"), 404)
    assert read(outsider.post(f"/windows/{window.reference}/cancel", {"reason": "no"}), 404)
    for insider in (ada, given.actor("vic", ("shop", Role.VIEWER)), given.actor("sam", ("ops", Role.SRE))):
        assert len(read(caller(insider).get("/windows"))["items"]) == 1


def test_a_draft_is_thrown_away_by_its_team_only(ada) -> None:
    window = given.window(ada)
    eve = given.actor("eve", ("find", Role.OWNER))
    assert read(caller(eve).send("DELETE", f"/windows/{window.reference}"), 403)
    assert caller(ada).send("DELETE", f"/windows/{window.reference}").status_code == 204
    assert not Window.objects.exists()
