"""Each team's maturity from stored rows, on the executive's board and for these eyes only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser
from tests.integration.test_reviews_counted import ended
from windows.access.roles import ENGINE, Actor, Role
from windows.approvals.models import ApprovalRequest
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Person
from windows.execution.models import CheckResult, Run
from windows.incidents.models import Incident
from windows.reviews.maturity import Level
from windows.reviews.queries.evidence import evidence, maturity_of_teams
from windows.scheduling.models import Window


@pytest.fixture
def ada() -> Actor:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.mark.django_db
def test_a_team_without_windows_is_unknown_and_one_whose_windows_are_manual_a_beginner(ada: Actor) -> None:
    given.team("post")
    run = ended(given.window(ada))
    levels = {one.team: one.level for one in maturity_of_teams(ada, clock())}
    assert levels == {"post": Level.UNKNOWN, "shop": Level.BEGINNER}
    Window.objects.filter(pk=run.window_id).update(confidential=True)
    eve = given.actor("eve", ("other", Role.MEMBER))
    assert {one.team: one.level for one in maturity_of_teams(eve, clock())}["shop"] is Level.UNKNOWN


@pytest.mark.django_db(transaction=True)
def test_the_evidence_is_counted_from_what_is_stored(ada: Actor) -> None:
    Objective.objects.create(
        slug="orders-writes", service="orders", environment="production", title="Writes", target="0.9", window_days=28, is_critical=True
    )
    run, now = ended(given.window(ada)), clock()
    Window.objects.filter(pk=run.window_id).update(expected_alerts=[{"alert": "Slow"}])
    CheckResult.objects.create(run=run, name="error_budget", verdict="pass", reason="enough")
    push("orders-writes", [Push("a", run.started_at + timedelta(minutes=1), 90, 100, window=run.window.reference)])
    back = runs.run_of(runs.step(status="compensated"), window=given.window(ada, starts_at=given.soon(50)))
    back.steps.update(undo_started_at=now - timedelta(hours=2), undo_ended_at=now - timedelta(hours=1))
    Run.objects.filter(pk=back.pk).update(rehearsal="game_day", status="rolled_back", wake_at=None, ended_at=now - timedelta(hours=1))
    with transaction.atomic():
        record("rehearsal.rollback_started", ENGINE, "RH-1", run_id=back.pk)
    (seen,) = evidence(ada, clock())
    assert (seen.ran, seen.rehearsed, seen.declares_alerts, seen.went_back_alone) == (1, 1, 1, 1)
    assert (seen.under_policy, seen.budget_checks, seen.overrides, seen.with_runbook) == (0, 1, 0, 0)
    assert (seen.tagged, seen.expected_tags) == (100, 100)
    assert ApprovalRequest.objects.count() == 0


@pytest.mark.django_db
def test_the_executive_reads_maturity_and_the_trend_of_incidents(ada: Actor) -> None:
    ended(given.window(ada))
    client = browser(Person.objects.get(pk=ada.person_id))
    assert "Nobody has reported an incident yet" in client.get("/dashboards/executive/incidents").content.decode()
    Incident.objects.create(title="Slow", severity="minor", started_at=clock(), via="api", reported_by="Ada")
    page: Any = client.get("/dashboards/executive/").content.decode()
    assert "Incidents by month" in page and "Nobody has reported" not in page
    assert "Beginner" in page and "every window was manual" in client.get("/dashboards/executive/maturity").content.decode()
