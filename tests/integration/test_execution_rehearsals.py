"""Rehearsals: a dry run does nothing, a game day does everything elsewhere while faults bite, and N15 asks for one."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from tests import given_starts
from tests import given_windows as given
from tests.callers import browser
from tests.given_starts import answers, begins_now, started
from windows.access.roles import Role
from windows.actions.gates import Answer
from windows.audit.models import AuditEntry
from windows.catalogue.models import Service
from windows.delivery.models import Message
from windows.errors import Conflict, Forbidden, Invalid
from windows.execution.commands.rehearsals import break_glass, rehearse
from windows.execution.commands.starting import start_run
from windows.execution.engine import loop
from windows.execution.models import BreakGlass, Run, clock
from windows.execution.ports.context import build
from windows.execution.queries.due import missed_windows
from windows.execution.queries.live import live_states
from windows.execution.queries.rehearsals import proof_for, report
from windows.execution.queries.views import live_runs, run_view, runs_of
from windows.flags.models import Flag, FlagVersion
from windows.live.models import LiveScope
from windows.runbooks.commands.versions import upload_runbook
from windows.runbooks.models import RunbookVersion
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
no_broker = given_starts.no_broker
TEXT = """\
runbook: rehearsed
title: Rehearsed
parameters:
  environment: {type: string, default: production}
watch:
  - name: Errors
    prometheus: errors
    pass: "< 5"
    on_fail: hold
steps:
  - name: Freeze
    flag: {service: orders, environment: "{{ environment }}", mode: read_only, converge: false}
  - name: Look
    gate: {prometheus: up, pass: "== 1", interval: 1s, inconclusive_limit: 1, error_limit: 1}
  - name: Thaw
    flag: {service: orders, environment: "{{ environment }}", mode: normal, converge: false}
"""


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Prometheus in which all is well."""
    from windows.actions.gates import Reading
    from windows.execution.ports.telemetry import Telemetry

    monkeypatch.setattr(Telemetry, "prometheus", lambda self, query, at=None: Reading(1.0, None, clock()))


@pytest.fixture
def version(db: None) -> RunbookVersion:
    given.service("orders")
    return upload_runbook(given.actor("olga", ("shop", Role.OWNER)), "rehearsed", TEXT, team="shop")


@pytest.fixture
def window(version: RunbookVersion) -> Window:
    """Of a tier 1 service in production, approved, tomorrow."""
    window = given_starts.approved()
    Service.objects.filter(slug="orders").update(tier=1)
    Window.objects.filter(pk=window.pk).update(runbook_version=version)
    window.refresh_from_db()
    return window


def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER), ("shop", Role.MEMBER))


def driven(run: Run) -> Run:
    until = time.monotonic() + 240
    while True:
        loop.advance(run.pk, build)
        run.refresh_from_db()
        if run.wake_at is None or run.wake_at > clock() + timedelta(seconds=10):
            return run
        assert time.monotonic() < until, run.reason
        time.sleep(0.05)


def test_r_a16_a_dry_run_does_nothing_and_measures_the_same_gates(window: Window, measured: None) -> None:
    run = driven(rehearse(olga(), window.pk, "dry_run"))
    assert run.status == "succeeded", run.reason
    assert [step.outcome for step in run.steps.order_by("position")] == ["Dry run: not done.", "1 = 1", "Dry run: not done."]
    assert not FlagVersion.objects.exists() and not LiveScope.objects.exists()
    assert run.readings.filter(verdict="pass").count() == 1, "the gate was asked for real"
    window.refresh_from_db()
    assert window.status == "approved"
    assert report(run.pk, olga()).judgement.is_good and not report(run.pk, olga()).judgement.counts  # type: ignore[union-attr]
    assert proof_for(window.runbook_version_id, clock()) is None, "a dry run does not count"


def test_r_a16_a_dry_run_tells_where_it_would_not_go_on(window: Window, settings: Any) -> None:
    settings.PROMETHEUS_URL = ""
    run = driven(rehearse(olga(), window.pk, "dry_run"))
    assert run.status == "succeeded"
    assert "Dry run: it would not go on" in run.steps.get(position=2).outcome


def test_n15_a_game_day_acts_elsewhere_is_undone_and_counts(window: Window, measured: None) -> None:
    run = driven(rehearse(olga(), window.pk))
    assert run.status == "rolled_back", (run.reason, list(run.steps.values_list("outcome", flat=True)))
    assert [(row.environment, row.mode) for row in Flag.objects.all()] == [("staging", "normal")]
    assert {row.mode for row in FlagVersion.objects.all()} >= {"read_only"}, "it did act"
    window.refresh_from_db()
    assert window.status == "approved" and not LiveScope.objects.exists() and live_states() == {}
    assert runs_of(window.pk) == [] and live_runs(olga()) == [] and missed_windows(clock()) == []
    found = report(run.pk, olga())
    assert found.judgement and found.judgement.counts and "Its rollback was rehearsed" in found.judgement.reason
    assert [(fault.told, bit) for fault, bit in found.faults] == [("step 3 fails", True)]
    assert [one.kind for one in found.guards][-2:] == ["rehearsal.rollback_started", "rehearsal.rolled_back"]
    assert not AuditEntry.objects.filter(window=window.reference, kind__startswith="run.").exists()
    assert set(Message.objects.values_list("urgency", flat=True)) <= {"ticket"}, "nobody is woken by a rehearsal"
    assert proof_for(window.runbook_version_id, clock()).pk == run.pk  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)  # what waits has a heartbeat, which looks from a connection of its own
@pytest.mark.parametrize(
    ("fault", "status", "met"),
    [
        ({"fault": "acknowledgements_lost"}, "rolled_back", "a node that does not exist"),
        ({"fault": "metrics_vanish"}, "held", "metrics vanish"),
    ],
    ids=["acknowledgements lost", "metrics vanish"],
)
def test_n15_each_fault_bites_and_a_guard_meets_it(window: Window, measured: None, fault: dict[str, Any], status: str, met: str) -> None:
    waits = upload_runbook(olga(), "rehearsed", TEXT.replace("read_only, converge: false", "read_only, converge: {timeout: 1s}"))
    if fault["fault"] == "acknowledgements_lost":
        Window.objects.filter(pk=window.pk).update(runbook_version=waits)
    run = driven(rehearse(olga(), window.pk, faults=[fault]))
    assert run.status == status and met in run.reason, run.reason
    assert all(bit for _, bit in report(run.pk, olga()).faults), "did not bite"


def test_n15_latency_is_felt_and_survived(window: Window, measured: None) -> None:
    """No step of this runbook asks by HTTP or SQL: the fault cannot bite, and the report says that this proves nothing."""
    run = driven(rehearse(olga(), window.pk, faults=[{"fault": "latency", "seconds": 0.5}, {"fault": "step_fails", "step": 3}]))
    judgement = report(run.pk, olga()).judgement
    assert run.status == "rolled_back"
    assert judgement and judgement.is_good is False and "Did not bite" in judgement.reason
    assert proof_for(window.runbook_version_id, clock()) is None


def test_n15_it_is_refused_in_production_until_rehearsed_lately_in_this_version(window: Window, measured: None) -> None:
    held = driven(rehearse(olga(), window.pk))
    begins_now(window)
    run = started(window)
    assert answers(run)["rehearsed"].verdict is Answer.PASS
    assert f"RH-{held.pk}" in answers(run)["rehearsed"].reason
    Run.objects.filter(pk=held.pk).update(ended_at=clock() - timedelta(days=91))
    assert answers(run)["rehearsed"].verdict is Answer.FAIL
    Run.objects.filter(pk=held.pk).update(ended_at=clock() - timedelta(days=89))
    other = upload_runbook(olga(), "rehearsed", TEXT.replace("== 1", ">= 1"))
    Window.objects.filter(pk=window.pk).update(runbook_version=other)
    run.refresh_from_db()
    Run.objects.filter(pk=run.pk).update(runbook_version=other)
    found = answers(Run.objects.get(pk=run.pk))["rehearsed"]
    assert found.verdict is Answer.FAIL and "break the glass" in found.reason
    Service.objects.filter(slug="orders").update(tier=2)
    assert answers(Run.objects.get(pk=run.pk))["rehearsed"].verdict is Answer.PASS


def test_n15_the_run_is_blocked(window: Window, measured: None, no_broker: None) -> None:
    begins_now(window)
    run = start_run(olga(), window.pk)
    loop.advance(run.pk, build)
    run.refresh_from_db()
    assert run.status == "blocked" and "was not rehearsed with its rollback" in run.reason


def test_n15_breaking_the_glass_takes_a_reason_and_tells_a_second_person(window: Window) -> None:
    begins_now(window)
    run = started(window)
    with pytest.raises(Forbidden):
        break_glass(given.actor("mia", ("shop", Role.MEMBER)), window.pk, "hurry")
    with pytest.raises(Invalid):
        break_glass(olga(), window.pk, "  ")
    break_glass(olga(), window.pk, "the patch cannot wait")
    assert answers(run)["rehearsed"].verdict is Answer.PASS
    assert "olga" in answers(run)["rehearsed"].reason.lower()
    told = Message.objects.filter(title__contains="breaks the glass")
    assert told and all("olga" not in one.recipient for one in told)
    assert AuditEntry.objects.get(kind="window.glass_broken").data["reason"].endswith("the patch cannot wait")
    with pytest.raises(Conflict, match="already"):
        break_glass(olga(), window.pk, "again")
    other = upload_runbook(olga(), "rehearsed", TEXT.replace("== 1", ">= 1"))
    Window.objects.filter(pk=window.pk).update(runbook_version=other)
    Run.objects.filter(pk=run.pk).update(runbook_version=other)
    assert answers(Run.objects.get(pk=run.pk))["rehearsed"].verdict is Answer.FAIL, "for that version only"
    assert BreakGlass.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"environment": "production"}, "environment"),
        ({"mode": "wet_run"}, "mode"),
        ({"faults": [{"fault": "step_fails", "step": 4}]}, "faults[0].step"),
        ({"faults": [{"fault": "latency", "seconds": 61}]}, "faults[0].seconds"),
        ({"faults": [{"fault": "moon"}]}, "faults[0]"),
        ({"faults": [{"fault": "metrics_vanish"}] * 2}, "faults[1]"),
        ({"parameters": {"moon": 1}}, "parameters.moon"),
    ],
)
def test_a_rehearsal_that_cannot_be_is_refused_with_its_field(window: Window, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        rehearse(olga(), window.pk, **said)
    assert error.value.field == field
    assert not Run.objects.exists()


def test_a_game_day_needs_a_runbook_that_can_act_elsewhere(window: Window) -> None:
    fixed = upload_runbook(olga(), "fixed", TEXT.replace("runbook: rehearsed", "runbook: fixed").replace(
        "  environment: {type: string, default: production}", "  other: {type: string, default: production}").replace(
        "{{ environment }}", "{{ other }}"), team="shop")  # fmt: skip
    Window.objects.filter(pk=window.pk).update(runbook_version=fixed)
    with pytest.raises(Invalid, match="no parameter “environment”"):
        rehearse(olga(), window.pk)
    assert rehearse(olga(), window.pk, "dry_run").rehearsal == "dry_run"
    with pytest.raises(Conflict, match="under way"):
        rehearse(olga(), window.pk, "dry_run")


def test_one_click_from_the_window_page_and_the_same_over_the_api(window: Window, measured: None) -> None:
    client = browser(olga())
    page = client.get(f"/windows/{window.reference}").content.decode()
    assert f"/windows/{window.reference}/rehearse" in page and f"/windows/{window.reference}/break-glass" in page
    assert "Game day in staging" in client.get(f"/windows/{window.reference}/rehearse").content.decode()
    answer = client.post(f"/windows/{window.reference}/rehearse", {"choice": "game_day"})
    run = driven(Run.objects.get())
    assert answer["Location"] == f"/runs/{run.pk}/report"
    said = client.get(answer["Location"]).content.decode()
    assert "Passed" in said and "Step 3 fails" in said and "It happened" in said
    assert f"RH-{run.pk}" in client.get(f"/windows/{window.reference}/part/run").content.decode()
    assert f"RH-{run.pk}" in client.get("/runs/").content.decode()
    assert client.get(f"/runs/{run.pk}").status_code == 200
    made = client.post(
        f"/api/v1/windows/{window.reference}/rehearse", {"faults": [{"fault": "step_fails", "step": 1}]}, content_type="application/json"
    )
    assert made.status_code == 201, made.content
    driven(Run.objects.get(pk=made.json()["id"]))
    found = client.get(f"/api/v1/runs/{made.json()['id']}/report").json()
    assert (found["counts"], found["faults"][0]["bit"]) == (True, True)
    assert (
        client.post(f"/api/v1/windows/{window.reference}/break_glass", {"reason": "why not"}, content_type="application/json").status_code
        == 204
    )
    assert run_view(run.pk, olga()).rehearsal == "game_day"
