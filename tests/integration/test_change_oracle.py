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
from tests import given_notices as sent
from tests import given_windows as given
from tests.callers import Caller, token_of
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import ChangeCalendar, Freeze, Window

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


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


def kept(program: Caller, name: str, kind: str, *events: tuple[datetime, datetime, str], lines: tuple[str, ...] = ()) -> Any:
    """A calendar as AWS writes it."""
    stamps = [(f"{begins:%Y%m%dT%H%M%SZ}", f"{ends:%Y%m%dT%H%M%SZ}", more) for begins, ends, more in events]
    told = [
        line
        for n, (begins, ends, more) in enumerate(stamps)
        for line in ("BEGIN:VEVENT", f"UID:{n}", "SUMMARY:Quarter end", f"DTSTART:{begins}", f"DTEND:{ends}", *more.split(), "END:VEVENT")
    ]
    raw = sent.calendar(*([f"X-CALENDAR-TYPE:{kind}"] if kind else []), "X-WR-CALDESC:Of the bank", *told, *lines)
    return program.send("PUT", f"/api/v1/change-calendars/{name}", raw)


def test_i03_change_calendars_of_others_are_asked_together_with_ours(ada: Any, program: Caller) -> None:
    sam, at = Caller(token_of(given.actor("sam", ("platform", Role.SRE)))), given.soon(30)
    made = kept(sam, "bank", "DEFAULT_OPEN", (at, at + 2 * HOUR, "RRULE:FREQ=DAILY;COUNT=3"))
    assert made.status_code == 200 and made.json() | {"kept_at": ""} == {
        "name": "bank", "description": "Of the bank", "opens_by_default": True, "events": 1, "kept_by": "Sam", "kept_at": "",
        "address": "", "polled_at": None, "succeeded_at": None, "failures": 0, "error": "",
        "state": "OPEN", "next_transition": f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
    assert kept(sam, "hours", "DEFAULT_CLOSED", (at - HOUR, at + HOUR, "")).status_code == 200
    names = ["orders/production", "calendar:bank", "calendar:hours"]

    def state(hours: float, *among: str) -> dict[str, Any]:
        asked_at = (at + hours * HOUR).isoformat()
        return dict(program.send("POST", "/api/v1/change-oracle/state", {"CalendarNames": list(among or names), "AtTime": asked_at}).json())

    def told(hours: float) -> str:
        return f"{at + hours * HOUR:%Y-%m-%dT%H:%M:%SZ}"

    before = state(-0.5)
    assert (before["State"], before["NextTransitionTime"], before["reasons"]) == ("OPEN", told(0), [])
    inside = state(0.5)
    assert inside["State"] == "CLOSED" and [one["calendar"] for one in inside["reasons"]] == ["calendar:bank"]
    assert "NextTransitionTime" not in inside, "the bank opens again after the hours have closed"
    assert {one["calendar"] for one in state(1.5)["reasons"]} == {"calendar:bank", "calendar:hours"}
    assert state(24.5, "calendar:bank")["NextTransitionTime"] == told(26), "each day of its series"
    frozen(ada, "hard", 28 * HOUR, 34 * HOUR)  # around `at`, at whatever minute of the hour this runs
    assert {one["calendar"] for one in state(0.5)["reasons"]} >= {"orders/production", "calendar:bank"}
    query = f"service=orders&environment=production&calendars=bank,calendar:hours&at={told(1.5)}"
    found = program.get(f"/api/v1/change-oracle?{query}").json()
    assert found["State"] == "CLOSED" and {one["calendar"] for one in found["reasons"]} >= {"calendar:bank", "calendar:hours"}
    sheet = Calendar.from_ical(program.get("/api/v1/change-oracle/calendar?calendars=calendar:bank").content)
    assert [event["dtstart"].dt for event in sheet.walk("VEVENT")] == [at, at + 24 * HOUR, at + 48 * HOUR]
    uids = [event["uid"] for event in sheet.walk("VEVENT")]
    assert len(set(uids)) == 3, "and what we send out is taken in again"
    again = program.get("/api/v1/change-oracle/calendar?calendars=calendar:bank").content
    assert sam.send("PUT", "/api/v1/change-calendars/copy", again).json()["events"] == 3
    assert state(24.5, "calendar:copy")["State"] == "CLOSED" and state(3, "calendar:copy")["State"] == "OPEN"


def test_i03_a_change_calendar_is_replaced_whole_or_refused_and_taken_away(ada: Any, program: Caller) -> None:
    sam, at = Caller(token_of(given.actor("sam", ("platform", Role.SRE)))), given.soon(30)
    placeholder = ("BEGIN:VTODO", "UID:1", "SUMMARY:Placeholder", "END:VTODO")
    assert kept(sam, "bank", "", lines=placeholder).json()["opens_by_default"] is True
    assert kept(sam, "bank", "DEFAULT_CLOSED", lines=placeholder).json()["opens_by_default"] is False
    body = {"CalendarNames": ["calendar:bank"]}
    closed = program.send("POST", "/api/v1/change-oracle/state", body).json()
    assert closed["State"] == "CLOSED" and "NextTransitionTime" not in closed
    off = (at, at + HOUR, "STATUS:CANCELLED")
    assert kept(sam, "bank", "DEFAULT_OPEN", off).status_code == 200
    assert "NextTransitionTime" not in program.send("POST", "/api/v1/change-oracle/state", body).json(), "what is called off closes nothing"
    refused = [
        kept(sam, "bank", "SOMETIMES"), kept(sam, "Bank", "DEFAULT_OPEN"), kept(sam, "bank", "DEFAULT_OPEN", (at + HOUR, at, "")),
        kept(sam, "bank", "DEFAULT_OPEN", (at, at + HOUR, "RRULE:FREQ=SECONDLY")),
        sam.send("PUT", "/api/v1/change-calendars/bank", b"BEGIN:VCALENDAR\r\n<html>"),
    ]  # fmt: skip
    assert [one.status_code for one in refused] == [422] * 5, [one.content for one in refused]
    assert len(sam.get("/api/v1/change-calendars").json()) == 1 and ChangeCalendar.objects.get().events[0]["status"] == "cancelled"
    assert kept(program, "bank", "DEFAULT_OPEN").status_code == 403
    assert sam.send("DELETE", "/api/v1/change-calendars/bank").status_code == 204
    assert program.send("POST", "/api/v1/change-oracle/state", body).status_code == 404
    assert list(AuditEntry.objects.filter(kind__startswith="change_calendar.").order_by("id").values_list("kind", flat=True)) == [
        "change_calendar.kept", "change_calendar.kept", "change_calendar.kept", "change_calendar.removed"
    ]  # fmt: skip


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


def test_i03_a_change_calendar_is_closed_to_the_end_of_a_long_event_and_where_its_times_cannot_be_told(ada: Any, program: Caller) -> None:
    sam, at = Caller(token_of(given.actor("sam", ("platform", Role.SRE)))), given.soon(30)

    def state(after: timedelta) -> dict[str, Any]:
        body = {"CalendarNames": ["calendar:bank"], "AtTime": (at + after).isoformat()}
        return dict(program.send("POST", "/api/v1/change-oracle/state", body).json())

    assert kept(sam, "bank", "DEFAULT_OPEN", (at, at + 51 * DAY, "RRULE:FREQ=YEARLY")).status_code == 200
    assert [state(days * DAY)["State"] for days in (1, 32, 50, 52)] == ["CLOSED", "CLOSED", "CLOSED", "OPEN"]
    begins = at + 800 * DAY
    assert kept(sam, "bank", "DEFAULT_OPEN", (begins, begins + HOUR / 2, "RRULE:FREQ=HOURLY")).status_code == 200
    lost = state(800 * DAY)
    assert lost["State"] == "CLOSED" and "when “Quarter end” is cannot be told" in str(lost["reasons"])
    assert state(0 * DAY)["State"] == "OPEN"
