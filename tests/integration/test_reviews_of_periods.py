"""The weekly and monthly review: what ran, what went back, what waits, for these eyes and at a constant cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import given_windows as given
from tests.callers import browser, caller
from tests.integration.test_reviews_counted import ended
from windows.access.roles import ENGINE, Role
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Person
from windows.delivery.models import Message
from windows.execution.models import Run
from windows.incidents.models import Incident, IncidentLink
from windows.reviews.models import FollowUp
from windows.reviews.periods import Period, around
from windows.scheduling.models import Window, WindowBudget

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


def this_week() -> Period:
    """The week in which `ended` puts the end of its runs."""
    return around("week", clock() - timedelta(hours=1))


def ran(actor: Any, status: str = "completed", **said: Any) -> Run:
    run = ended(given.window(actor, **said), status="succeeded" if status == "completed" else status)
    Window.objects.filter(pk=run.window_id).update(status=status, started_at=run.started_at, ended_at=run.ended_at)
    return run


def test_a_week_tells_what_ran_what_went_back_and_what_waits(ada: Any) -> None:
    week = this_week()
    ran(ada)
    back = ran(ada, "rolled_back")
    before = ran(ada)
    Run.objects.filter(pk=before.pk).update(ended_at=week.since - timedelta(days=1), window_ends_at=week.since - timedelta(days=2))
    Window.objects.filter(pk=before.window_id).update(starts_at=week.since - timedelta(days=3), ends_at=week.since - timedelta(days=2))
    with transaction.atomic():
        record("step.failed", ENGINE, back.window.reference, window=back.window.reference, run_id=back.pk, data={"reason": "no answer"})
    late = FollowUp.objects.create(
        window=back.window, title="Check backups", owner_id=ada.person_id, due_on=clock().date() - timedelta(days=1), made_by="ada"
    )
    Message.objects.create(
        dedup_key="k", channel="email", recipient="ada@example.org", urgency="page", title="t", body="b", created_at=week.since
    )
    told = caller(ada).get(f"/reviews/weekly?week={week.name}").json()
    assert (told["period"], told["ran"], told["went_back"]) == (week.name, 2, [back.window.reference])
    assert told["load"] == [{"person": "Ada", "pages": 1}]
    assert [row["reference"] for row in told["follow_ups"]] == [late.reference]
    measures = {one["id"]: one for one in told["measures"]}
    assert (measures["M1"]["value"], measures["M1"]["before"], measures["M1"]["way"]) == (1.0, 0.0, "better")
    assert (measures["M3"]["value"], measures["M3"]["way"], measures["M3"]["verdict"]) == (0.5, "worse", "fail")
    assert measures["M2"]["value"] is None and measures["M2"]["way"] == "unknown"
    page = browser(Person.objects.get(pk=ada.person_id)).get(f"/reviews/weekly/?week={week.name}").content.decode()
    for said in ("rolled back, and has no postmortem", "overdue since", "2 of 2 runs known", 'data-unit="page"', 'data-unit="before"'):
        assert said in page, said
    this = around("week", clock()).name  # another week than that of the runs in the first hour of a Monday
    assert "no answer" in browser(Person.objects.get(pk=ada.person_id)).get(f"/reviews/weekly/?week={this}").content.decode()
    assert "Nobody has reported an incident yet" in page


def test_a_month_tells_the_trend_of_incidents_budgets_and_too_many_windows(ada: Any) -> None:
    window, other = given.window(ada), given.window(ada)
    Window.objects.filter(pk__in=(window.pk, other.pk)).update(status="requested")
    WindowBudget.objects.create(at_most=1)
    month = around("month", window.starts_at)
    for days in (0, 40):
        at = around("month", clock()).since - timedelta(days=days) + timedelta(minutes=1)
        incident = Incident.objects.create(title="Slow", severity="minor", started_at=at, via="api", reported_by="Ada")
    IncidentLink.objects.create(incident=incident, window=window, by="tag", reason="It says so.", made_by="Ada")
    told = caller(ada).get("/reviews/monthly").json()
    assert [one["all"] for one in told["incidents"]] == [1, 0, 1]
    assert told["incidents"][0]["linked"] == 1
    assert caller(ada).get(f"/reviews/monthly?month={month.name}").json()["too_many"] == ["orders"]
    page = browser(Person.objects.get(pk=ada.person_id)).get("/reviews/monthly/").content.decode()
    assert "No objective is set." in page and "Linked to a window" in page


def test_a_confidential_window_is_in_no_review_of_those_who_may_not_see_it(ada: Any) -> None:
    run = ran(ada, "rolled_back", confidential=True)
    with transaction.atomic():
        record("step.failed", ENGINE, run.window.reference, window=run.window.reference, run_id=run.pk, data={"reason": "no answer"})
    FollowUp.objects.create(window=run.window, title="Secret", owner_id=ada.person_id, due_on=clock().date(), made_by="ada")
    eve = given.person("eve", ("other", Role.MEMBER))
    weeks = {this_week().name, around("week", clock()).name}
    page = "".join(browser(eve).get(f"/reviews/weekly/?week={week}").content.decode() for week in weeks)
    assert f"/windows/{run.window.reference}" not in page and "Secret" not in page and "no answer" not in page
    assert caller(given.actor("eve")).get(f"/reviews/weekly?week={this_week().name}").json()["ran"] == 0


def test_a_review_costs_the_same_however_much_happened_and_refuses_what_is_no_period(ada: Any) -> None:
    client = browser(Person.objects.get(pk=ada.person_id))
    costs = []
    for many in (1, 4):
        for _ in range(many):
            ran(ada)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/reviews/monthly/?month={around('month', this_week().since).name}").status_code == 200
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 45
    assert client.get("/reviews/").headers["Location"] == "/reviews/weekly/"
    assert client.get("/reviews/weekly/?week=2027-W60").status_code == 422
    assert caller(ada).get("/reviews/monthly?month=soon").status_code == 422
    assert caller(ada).get("/reviews/monthly?week=2027-W01").status_code == 422
