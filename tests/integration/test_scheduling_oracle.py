"""The change oracle and “is it, or anything below it, in maintenance now?”."""

import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from icalendar import Calendar

from slo.objectives.commands import Definition, define
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_windows as given
from tests.callers import Caller, token_of
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import Freeze, Window

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> Any:
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def program() -> Caller:
    return Caller(token_of(given.actor("zoe")))


def frozen(ada: Any, severity: str, begins: timedelta, ends: timedelta) -> Freeze:
    now = clock().replace(microsecond=0)
    return Freeze.objects.create(
        title="Peak", severity=severity, created_by_id=ada.person_id, starts_at=now + begins, ends_at=now + ends, services=["orders"]
    )


def running(actor: Any, slug: str = "orders", **said: Any) -> Window:
    window = given.window(actor, slug, **said)
    with transaction.atomic():
        for before, after in (("draft", "requested"), ("requested", "approved"), ("approved", "running")):
            move(window.pk, WindowStatus(after), actor, f"window.{after}", expected=WindowStatus(before))
    now = clock()
    Window.objects.filter(pk=window.pk).update(starts_at=now - HOUR, ends_at=now + HOUR, started_at=now - HOUR)
    window.scopes.update(reserved=(now - HOUR, now + HOUR))
    window.refresh_from_db()
    return window


def asked(program: Caller, **query: str) -> dict[str, Any]:
    response = program.get("/api/v1/change-oracle?" + "&".join(f"{name}={value}" for name, value in query.items()))
    assert response.status_code == 200, response.content
    return dict(response.json())


def test_i03_open_until_the_next_freeze_and_closed_in_it(ada: Any, program: Caller) -> None:
    assert asked(program, service="orders", environment="production")["State"] == "OPEN"
    freeze = frozen(ada, "hard", HOUR, 3 * HOUR)
    begins, ends = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (freeze.starts_at, freeze.ends_at))
    found = asked(program, service="orders", environment="production")
    assert (found["State"], found["NextTransitionTime"], found["reasons"]) == ("OPEN", begins, [])
    found = asked(program, service="orders", environment="production", at=begins)
    assert (found["State"], found["AtTime"], found["NextTransitionTime"], found["freeze_ids"]) == ("CLOSED", begins, ends, [freeze.pk])
    assert found["reasons"][0]["why"] == "The change freeze “Peak” covers orders."


def test_i03_a_soft_freeze_lets_a_canary_through_and_is_closed_for_whoever_knows_no_canary(ada: Any, program: Caller) -> None:
    frozen(ada, "soft", -HOUR, HOUR)
    found = asked(program, service="orders")
    assert (found["State"], found["advice"]) == ("CLOSED", "canary_only")


def test_i03_several_calendars_are_open_only_together(ada: Any, program: Caller) -> None:
    given.service("mail")
    window = running(ada)
    body = {"CalendarNames": ["mail/production", "orders/production"]}
    found = program.send("POST", "/api/v1/change-oracle/state", body).json()
    assert found["State"] == "CLOSED" and found["reasons"][0]["who"] == window.reference
    found = program.send("POST", "/api/v1/change-oracle/state", {"CalendarNames": ["mail"], "AtTime": "2030-01-01T00:00:00Z"}).json()
    assert (found["State"], found["AtTime"]) == ("OPEN", "2030-01-01T00:00:00Z") and "NextTransitionTime" not in found
    for asked_for, status in (({"CalendarNames": []}, 422), ({"CalendarNames": ["nothing"]}, 404), (body | {"AtTime": "now"}, 422)):
        assert program.send("POST", "/api/v1/change-oracle/state", asked_for).status_code == status


@pytest.mark.parametrize(("bad", "advice"), [(1, "open"), (90, "canary_only"), (100, "closed"), (150, "closed")])
def test_i03_a_spent_budget_closes(ada: Any, program: Caller, bad: int, advice: str) -> None:
    """Target 99 % of 10,000 events allows 100 bad ones."""
    define(Definition(slug="orders-writes", service="orders", title="Writes", target=Decimal("0.99")))
    push("orders-writes", [Push("first", datetime.now(UTC) - HOUR, 10_000 - bad, 10_000)])
    found = asked(program, service="orders", environment="production")
    assert found["advice"] == advice and bool(found["reasons"]) == (advice != "open") and "NextTransitionTime" not in found


def test_i03_closed_times_go_out_as_a_change_calendar(ada: Any, program: Caller) -> None:
    given.service("mail")
    empty = Calendar.from_ical(program.get("/api/v1/change-oracle/calendar?calendars=orders/production").content)
    assert [part.name for part in empty.subcomponents] == ["VTODO"]
    begins = given.soon(30)
    for slug, severity, hours in (("orders", "hard", 0), ("mail", "soft", 5), ("mail", "advisory", 9)):
        at = begins + hours * HOUR
        frozen = {"starts_at": at, "ends_at": at + 3 * HOUR, "severity": severity, "services": [slug], "created_by_id": ada.person_id}
        Freeze.objects.create(title=f"{slug}, closed", **frozen)
    answer = program.get("/api/v1/change-oracle/calendar?calendars=orders/production,mail")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/calendar")
    found = Calendar.from_ical(answer.content)
    assert (found["prodid"], found["x-calendar-type"]) == ("-//AWS//Change Calendar 1.0//EN", "DEFAULT_OPEN")
    assert [(event["dtstart"].dt, event["dtend"].dt) for event in found.walk("VEVENT")] == [
        (begins, begins + 3 * HOUR), (begins + 5 * HOUR, begins + 8 * HOUR)
    ]  # fmt: skip
    again = Calendar.from_ical(program.get("/api/v1/change-oracle/calendar?calendars=orders/production,mail").content)
    assert [event["uid"] for event in again.walk("VEVENT")] == [event["uid"] for event in found.walk("VEVENT")]
    for event in found.walk("VEVENT"):  # the two faces of the oracle say the same
        at = (event["dtstart"].dt + HOUR).isoformat()
        told = program.post("/api/v1/change-oracle/state", {"CalendarNames": ["orders/production", "mail"], "AtTime": at}).json()
        assert told["State"] == "CLOSED"
    assert program.get("/api/v1/change-oracle/calendar").status_code == 422
    assert program.get("/api/v1/change-oracle/calendar?calendars=nothing").status_code == 404


def test_i03_a_confidential_window_closes_without_a_name(ada: Any, program: Caller) -> None:
    secret = running(ada, confidential=True)
    found = asked(program, service="orders")
    assert found["State"] == "CLOSED" and secret.reference not in str(found) and "confidential" in found["reasons"][0]["why"]


def test_i03_a_stranger_and_a_slip_of_the_pen_are_told(program: Caller, ada: Any) -> None:
    assert program.get("/api/v1/change-oracle").status_code == 422
    assert program.get("/api/v1/change-oracle?service=order").status_code == 404
    assert program.get("/api/v1/change-oracle?service=orders&environment=prod").status_code == 404
    assert program.get("/api/v1/change-oracle?service=orders&at=soon").status_code == 422


def test_what_is_below_a_service_is_found_with_the_way_there(ada: Any, program: Caller) -> None:
    for slug in ("web", "payments", "bank"):
        given.service(slug)
    for one, other in (("orders", "payments"), ("payments", "bank"), ("web", "orders")):
        given.needs(one, other)
    running(ada, "web")  # needs us: above
    window, secret = running(ada, "bank"), running(ada, "payments", confidential=True)
    found = program.get("/api/v1/services/orders/maintenance?environment=production").json()
    assert found["in_maintenance"] and [(one["reference"], one["service"]) for one in found["windows"]] == [
        ("a confidential window", "payments"),
        (window.reference, "bank"),
    ]
    assert found["windows"][1]["path"] == ["orders", "needs payments", "needs bank"] and secret.reference not in str(found)
    assert program.get("/api/v1/services/bank/maintenance?environment=staging").json() == {"in_maintenance": False, "windows": []}


@pytest.mark.django_db(transaction=True)
def test_i03_one_line_of_shell_stops_a_pipeline(live_server: Any, ada: Any) -> None:
    token = token_of(given.actor("zoe"))
    address = f"{live_server.url}/api/v1/change-oracle?service=orders&environment=production"
    line = f"curl -fsS -H 'Authorization: Bearer {token}' '{address}' | grep -q '\"State\": *\"OPEN\"'"
    assert subprocess.run(["bash", "-c", line], timeout=120, check=False).returncode == 0
    frozen(ada, "hard", -HOUR, HOUR)
    assert subprocess.run(["bash", "-c", line], timeout=120, check=False).returncode == 1
