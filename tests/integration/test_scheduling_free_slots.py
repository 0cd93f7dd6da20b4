"""Free slots from what is stored: real traffic by hour of week, windows, freezes; and moving a window to the next free one."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from slo.telemetry.models import DayTotal, Measurement
from slo.telemetry.traffic import hours_of_week
from tests import given_windows as given
from tests.callers import Caller, browser, token_of
from windows.access.roles import Role
from windows.approvals.commands import decide, request_window
from windows.approvals.commands.moving import move_to_next_free_slot
from windows.approvals.models import ApprovalRequest, Policy
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.errors import Conflict, Forbidden, Stale
from windows.scheduling.models import Freeze, Window

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


def measured(series: str, totals: dict[int, int], now: datetime) -> None:
    """So many events in the first minute of these hours of the week, in each of the past two weeks."""
    at = now.replace(minute=0, second=0, microsecond=0) - timedelta(weeks=2)
    days: dict[Any, int] = {}
    while at < now - HOUR:
        total = totals.get(at.weekday() * 24 + at.hour)
        if total is not None:
            day = days[at.date()] = days.get(at.date(), 0) + total
            Measurement.objects.create(series=series, minute=at, good=total, total=total, good_sum=day, total_sum=day)
        at += HOUR
    running = 0
    for day, total in sorted(days.items()):
        running += total
        DayTotal.objects.create(series=series, day=day, good=total, total=total, good_sum=running, total_sum=running)


def test_hours_of_the_week_are_means_and_what_was_not_measured_is_left_out(django_assert_num_queries: Any) -> None:
    now = clock()
    measured("orders-writes", {3: 10, 50: 600}, now)
    with django_assert_num_queries(1):
        assert hours_of_week(["orders-writes", "nothing"], now) == {"orders-writes": {3: 10.0, 50: 600.0}, "nothing": {}}


def test_slots_avoid_what_stands_in_the_way_and_say_why(ada: Any, django_assert_max_num_queries: Any) -> None:
    given.service("orders")
    rival = given.window(ada, starts_at=given.soon(24), hours=6)
    request_window(ada, rival.pk)
    Freeze.objects.create(title="Peak", starts_at=given.soon(0), ends_at=given.soon(5), severity="hard", created_by_id=ada.person_id)
    program, since = Caller(token_of(ada)), given.soon(-1)
    query = {
        "scope": "orders/production",
        "minutes": "120",
        "since": since.isoformat(),
        "until": (since + timedelta(days=2)).isoformat(),
        "limit": "20",
    }
    with django_assert_max_num_queries(30):
        found = program.get(f"/api/v1/slots?{urlencode(query)}").json()
    assert found and found[0]["cost"] <= found[-1]["cost"]
    for slot in found:
        begins, ends = datetime.fromisoformat(slot["begins"]), datetime.fromisoformat(slot["ends"])
        assert ends <= rival.starts_at or begins >= rival.ends_at
        assert ends <= given.soon(0) or begins >= given.soon(5)
        assert slot["traffic"] is None and any("not known" in reason["words"] for reason in slot["reasons"])
    assert sum(slot["is_earliest"] for slot in found) == 1
    own = program.get(f"/api/v1/windows/{rival.reference}/slots?limit=3").json()
    assert len(own) == 3


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "scope"),
        ({"scope": "orders"}, "scope"),
        ({"scope": "nothing/production", "minutes": "60"}, "service"),
        ({"scope": "orders/production"}, "minutes"),
        ({"scope": "orders/production", "minutes": "99999"}, "minutes"),
        ({"scope": "orders/production", "minutes": "60", "until": "2090-01-01T00:00:00Z"}, "until"),
        ({"scope": "orders/production", "minutes": "60", "limit": "0"}, "limit"),
    ],
)
def test_what_cannot_be_looked_for_is_named(ada: Any, asked: dict[str, str], field: str) -> None:
    given.service("orders")
    refused = Caller(token_of(ada)).get(f"/api/v1/slots?{urlencode(asked)}")
    assert refused.status_code == 422 and refused.json()["field"] == field


def test_a_window_moves_to_the_next_free_slot_and_its_approvals_lapse(ada: Any) -> None:
    Policy.objects.create(name="One", position=1, match={}, requires=[{"role": "owner", "quorum": 1, "team": "owner"}])
    vera = given.actor("vera", ("shop", Role.OWNER))
    first = given.window(ada, starts_at=given.soon(24))
    after = given.window(ada, starts_at=given.soon(25), hours=2)
    request_window(ada, first.pk)
    request_window(ada, after.pk)
    decide(vera, first.pk, "approved")
    version = Window.objects.get(pk=first.pk).version
    with pytest.raises(Forbidden):
        move_to_next_free_slot(given.actor("eve", ("find", Role.OWNER)), first.pk, version)
    with pytest.raises(Stale):
        move_to_next_free_slot(ada, first.pk, 1)
    moved = move_to_next_free_slot(ada, first.pk, version)
    assert moved.starts_at == after.ends_at and moved.status == "requested"
    assert ApprovalRequest.objects.filter(window=first, status="lapsed").count() == 1
    draft = given.window(ada, "bank", starts_at=given.soon(24))
    assert move_to_next_free_slot(ada, draft.pk, 1).status == "draft"
    Freeze.objects.create(
        title="For ever", starts_at=given.soon(0), ends_at=given.soon(24 * 40), severity="soft", created_by_id=ada.person_id
    )
    with pytest.raises(Conflict) as refused:
        move_to_next_free_slot(ada, draft.pk, 2)
    assert refused.value.field == "starts_at"


def test_a_window_moves_to_the_next_free_slot_from_its_page(ada: Any) -> None:
    page = browser(Person.objects.get(pk=ada.person_id))
    window = given.window(ada)
    assert page.post(f"/windows/{window.reference}/next-slot", {}).status_code == 302


def test_the_question_names_the_next_free_slot_and_another_than_was_named_is_not_taken(ada: Any) -> None:
    person = Person.objects.get(pk=ada.person_id)
    page, window = browser(person), given.window(ada, starts_at=given.soon(24))
    address = f"/windows/{window.reference}/next-slot"
    text = page.get(address).content.decode()
    named = datetime.fromisoformat(re.findall(r'name="version" value="([^"]+)"', text)[0])
    assert named > window.starts_at and f"{named:%H:%M}" in text.split('class="sentence">')[1].split("</p>")[0]
    faster = given.window(ada, starts_at=named, hours=2)
    request_window(ada, faster.pk)
    refused = page.post(address, {"version": named.isoformat()})
    assert refused.status_code == 409 and "no longer the next free one" in refused.content.decode()
    assert Window.objects.get(pk=window.pk).starts_at == window.starts_at
    again = datetime.fromisoformat(re.findall(r'name="version" value="([^"]+)"', page.get(address).content.decode())[0])
    assert page.post(address, {"version": again.isoformat()}).status_code == 302
    assert Window.objects.get(pk=window.pk).starts_at == again != named
    Freeze.objects.create(title="For ever", starts_at=given.soon(0), ends_at=given.soon(24 * 40), severity="soft", created_by=person)
    nowhere = page.get(address).content.decode()
    assert "there is no slot without a conflict" in nowhere and "Move it</button>" not in nowhere
