"""The error budget after a planned window (SPEC §9): beside its request and on its page, with the windows it rests on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.maintenance import minute_of
from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Actor, Role
from windows.audit.clock import clock
from windows.catalogue.models import Service
from windows.runbooks.models import Runbook, RunbookVersion
from windows.scheduling.models import Window, WindowScope

pytestmark = pytest.mark.django_db
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


@pytest.fixture
def ada() -> Actor:
    """Of a service on which 200 events are usual in the hours of tomorrow's window, and 10,000 in all; 90 % may be good."""
    ada = given.actor("ada", ("shop", Role.OWNER))
    given.service("orders")
    Objective.objects.create(slug="orders-writes", service="orders", title="Writes", target="0.9", window_days=28)
    at = minute_of(given.soon()) + timedelta(minutes=10) - WEEK
    push("orders-writes", [Push("usual", at, 200, 200), Push("rest", clock() - 3 * timedelta(days=1), 9700, 9700)])
    return ada


def ran(ada: Actor, days: int, good: int, total: int, **said: Any) -> Window:
    """A window of an hour that ran so many days ago, and what was measured in it."""
    window, at = given.window(ada, **said), minute_of(clock()) - days * timedelta(days=1)
    times = {"starts_at": at, "ends_at": at + HOUR, "started_at": at, "ended_at": at + HOUR, "status": "completed"}
    Window.objects.filter(pk=window.pk).update(**times)
    WindowScope.objects.filter(window=window).update(reserved=(at, at + HOUR))
    push("orders-writes", [Push(f"{window.pk}", at + timedelta(minutes=5), good, total)])
    return window


def panel(ada: Actor, window: Window, what: str = "meaning") -> str:
    text = browser(given.person(ada.name.lower())).get(f"/windows/{window.reference}/{what}").content.decode()
    return " ".join(text.replace("&#x27;", "'").split())


def test_it_stands_beside_the_request_and_on_the_window_with_the_windows_it_rests_on(ada: Actor) -> None:
    past = ran(ada, 2, 90, 100)
    planned = given.window(ada)
    for what in ("meaning", "part/impact"):
        told = panel(ada, planned, what)
        assert "Forecast after this window: 97" in told, told[told.find("Forecast") :][:400]
        assert "200 events are usual in these hours, 20 of them would be bad" in told
        assert f'href="/windows/{past.reference}">{past.reference}</a>' in told and "1 past window in which it was" in told


def test_windows_with_the_same_runbook_go_before_those_in_the_same_mode(ada: Actor) -> None:
    book = Runbook.objects.create(slug="move", title="Move", team="shop")
    version = RunbookVersion.objects.create(runbook=book, number=1, digest="1" * 64, source="x", created_by="ada")
    by_hand, with_it = ran(ada, 2, 90, 100), ran(ada, 4, 50, 100, mode="throttled")
    Window.objects.filter(pk=with_it.pk).update(runbook_version=version)
    planned = given.window(ada)
    Window.objects.filter(pk=planned.pk).update(runbook_version=version)
    told = panel(ada, planned, "part/impact")
    assert "as in 1 past window with this runbook" in told and by_hand.reference not in told, told[told.find("Forecast") :][:600]
    assert "100 of them would be bad" in told


def test_it_is_not_known_where_no_such_window_was_measured_and_nothing_is_expected(ada: Actor) -> None:
    ran(ada, 2, 90, 100, mode="offline")  # not a window like it
    told = panel(ada, given.window(ada, mode="degraded"))
    assert "Forecast after this window: not known" in told and "no such window was measured before" in told
    assert "nothing was measured in these hours" in panel(ada, given.window(ada, starts_at=given.soon(60)))


def test_without_a_past_it_rests_on_what_its_request_expects(ada: Actor) -> None:
    assert "100 % of its users are touched, as its request expects" in panel(ada, given.window(ada, mode="offline"))
    Service.objects.filter(slug="orders").update(monthly_active_users=1000)
    told = panel(ada, given.window(ada, mode="degraded", expected_users=250))
    assert "25 % of its users are touched" in told and "50 of them would be bad" in told


def test_a_confidential_window_is_no_basis_for_those_who_may_not_see_it(ada: Actor) -> None:
    past = ran(ada, 2, 90, 100)
    Window.objects.filter(pk=past.pk).update(confidential=True)
    planned = given.window(ada)
    assert past.reference in panel(ada, planned)
    vera = given.actor("vera", ("mail", Role.VIEWER))
    told = panel(vera, planned)
    assert past.reference not in told and "not known" in told


def test_it_costs_the_same_however_many_windows_ran(ada: Actor) -> None:
    planned = given.window(ada)

    def cost() -> int:
        panel(ada, planned)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            panel(ada, planned)
        return len(asked)

    ran(ada, 2, 90, 100)
    before = cost()
    for days in range(3, 12):
        ran(ada, days, 90, 100)
    assert cost() == before
    assert "5 past windows in which it was" in panel(ada, planned), "the last ones alone"
