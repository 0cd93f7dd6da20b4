"""The measures over stored rows: on their board, over the API, by team and service, and at a constant number of queries."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import Actor, Role
from windows.audit.clock import clock
from windows.catalogue.models import Person, Service
from windows.execution.models import Run
from windows.incidents.models import Complaint, Incident, IncidentLink
from windows.reviews.queries.counted import counted_runs
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> Actor:
    given.service("orders")
    given.service("mail", "post")
    return given.actor("ada", ("shop", Role.OWNER))


def ended(window: Window, *, late: timedelta = timedelta(), status: str = "succeeded") -> Run:
    """A run of an hour that ended an hour ago, `late` after the end of its window."""
    at = clock().replace(second=0, microsecond=0) - HOUR
    run = runs.run_of(runs.step(status="succeeded"), window=window)
    Run.objects.filter(pk=run.pk).update(status=status, wake_at=None, started_at=at - HOUR, ended_at=at, window_ends_at=at - late)
    Window.objects.filter(pk=window.pk).update(starts_at=at - late - HOUR, ends_at=at - late)
    run.refresh_from_db()
    return run


def told(ada: Actor, **asked: Any) -> dict[str, Any]:
    answer = caller(ada).get("/measures" + ("?" + "&".join(f"{name}={value}" for name, value in asked.items()) if asked else ""))
    assert answer.status_code == 200, answer.content
    return {one["id"]: one for one in answer.json()}


def test_m01_m03_the_api_counts_by_team_and_service_and_names_the_windows(ada: Actor) -> None:
    ended(given.window(ada))
    late = ended(given.window(given.actor("mia", ("post", Role.OWNER)), "mail", team="post"), late=HOUR, status="rolled_back")
    everybody, shop, mail = told(ada), told(ada, team="shop"), told(ada, service="mail")
    assert [(m["M1"]["value"], m["M1"]["known"], m["M3"]["value"]) for m in (everybody, shop, mail)] == [
        (0.5, 2, 0.5),
        (1, 1, 0),
        (0, 1, 1),
    ]
    assert everybody["M9"] | {"definition": "", "title": ""} == {
        "id": "M9", "title": "", "definition": "", "unit": "a window", "target": "falling", "value": None, "verdict": "inconclusive",
        "known": 0, "all": 2, "usual": None,
    }  # fmt: skip
    one = caller(ada).get("/measures/m1?service=mail").json()
    assert [(run["window"], run["part"]) for run in one["runs"]] == [(f"MW-{late.window_id}", 0.0)]
    assert caller(ada).get("/measures/M11").status_code == 404
    for wrong in ("since=yesterday", "since=2027-01-01T00:00:00", "until=2020-01-01T00:00:00Z&since=2021-01-01T00:00:00Z", "who=me"):
        assert caller(ada).get(f"/measures?{wrong}").status_code == 422


@pytest.mark.django_db(transaction=True)
def test_m02_m05_m06_m08_what_was_measured_inside_counts_beside_the_same_hours_and_by_its_tag(ada: Actor) -> None:
    objective = Objective.objects.create(
        slug="orders-writes", service="orders", environment="production", title="Writes", target="0.9", window_days=28, is_critical=True
    )
    run = ended(given.window(ada))
    inside = run.started_at + timedelta(minutes=1)
    before = inside - timedelta(days=7)
    label = f"MW-{run.window_id}"
    push(
        objective.slug,
        [Push("a", inside, 60, 100, window=label), Push("b", inside + timedelta(minutes=1), 100, 100), Push("c", before, 98, 100)],
    )
    (one,) = counted_runs(ada, clock() - timedelta(days=1), clock())
    assert (one.bad, one.events, one.usual_bad, one.usual_events, one.tagged, one.expected_tags) == (40, 200, 2, 100, 100, 200)
    assert one.charged == pytest.approx(40 / (0.1 * 300))
    assert told(ada)["M2"]["usual"] == 0.02
    Service.objects.filter(slug="orders").update(monthly_active_users=1000)
    Window.objects.filter(pk=run.window_id).update(expected_users=200, started_at=run.started_at, ended_at=run.ended_at)
    (one,) = counted_runs(ada, clock() - timedelta(days=1), clock())
    assert (one.worst, one.users) == (40, 40)
    assert (told(ada)["M5"]["value"], told(ada)["M5"]["usual"]) == (0.04, 0.2), "who was touched, beside who was expected to be"
    assert "at most 40:" in browser(Person.objects.get(pk=ada.person_id)).get(f"/windows/{label}/part/impact").content.decode()
    Window.objects.filter(pk=run.window_id).update(confidential=True)
    (one,) = counted_runs(ada, clock() - timedelta(days=1), clock())
    assert (one.events, one.tagged, one.expected_tags) == (200, None, None)


def test_m09_m10_incidents_and_complaints_are_known_of_services_that_somebody_reports(ada: Actor) -> None:
    window, other, mail = given.window(ada), given.window(ada), given.window(ada, "mail")
    for one in (window, other, mail):
        ended(one)
    assert (told(ada)["M9"]["value"], told(ada)["M10"]["value"]) == (None, None)
    incident = Incident.objects.create(title="Slow", severity="minor", service="orders", started_at=clock(), via="api", reported_by="Ada")
    IncidentLink.objects.create(incident=incident, window=window, by="tag", reason="It says so.", made_by="Ada")
    Complaint.objects.create(text="Slow!", service="orders", received_at=clock(), via="csv")
    seen = told(ada)
    assert (seen["M9"]["value"], seen["M9"]["known"], seen["M9"]["all"]) == (0.5, 2, 3)
    assert (seen["M10"]["value"], seen["M10"]["known"]) == (0.0, 2)
    assert told(ada, service="mail")["M9"]["value"] is None


def test_m09_what_ran_before_anybody_reported_its_service_is_not_known(ada: Actor) -> None:
    run = ended(given.window(ada))
    Run.objects.filter(pk=run.pk).update(ended_at=clock() - timedelta(days=3))
    Incident.objects.create(title="Slow", severity="minor", service="orders", started_at=clock(), via="api", reported_by="Ada")
    assert told(ada)["M9"]["value"] is None
    Run.objects.filter(pk=run.pk).update(ended_at=clock() - timedelta(hours=3))
    assert told(ada)["M9"]["value"] == 0.0


def test_a_confidential_window_counts_only_for_those_who_may_see_it(ada: Actor) -> None:
    ended(given.window(ada, confidential=True))
    assert told(ada)["M1"]["all"] == 1
    assert told(given.actor("eve", ("other", Role.MEMBER)))["M1"]["all"] == 0


def test_the_board_shows_each_with_its_windows_and_csv_at_a_constant_cost(ada: Actor) -> None:
    Service.objects.update(monthly_active_users=1000)
    client = browser(Person.objects.get(pk=ada.person_id))
    costs = []
    for many in (1, 4):
        for _ in range(many):
            ended(given.window(ada, expected_users=10))
        with CaptureQueriesContext(connection) as asked:
            page = client.get("/dashboards/measures/").content.decode()
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 24
    assert "Nobody has told of an incident of these services." in page and "1.0 %" in page and "5 of 5 runs known" in page
    assert "Choose 28d, quarter or year." in client.get("/dashboards/measures/?range=ever").content.decode()
    assert "shop" in client.get("/dashboards/measures/?team=shop&range=28d").content.decode()
    behind = client.get("/dashboards/measures/m5").content.decode()
    assert behind.count('class="ref"') >= 5
    rows = list(csv.reader(io.StringIO(client.get("/dashboards/measures/m1.csv?range=28d").content.decode())))
    assert rows[0][:2] == ["Week of", "Windows on time, %"] and ["100.0", "5", "5", ""] in [row[1:] for row in rows]
