"""The watch after a window (X9): its SLIs are measured on; a breach opens one incident, linked to the window, and pages its people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from slo.maintenance import minute_of
from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_windows as given
from tests.given_runs import people, run_of, step
from windows.access.roles import ENGINE
from windows.actions.gates import Reading
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.execution import watching_after
from windows.execution.commands.transitions import become
from windows.execution.models import Run, clock
from windows.execution.states import RunStatus
from windows.execution.tasks import measure_afterwards
from windows.incidents.models import Incident, IncidentLink
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
GATE = {"objective": "orders-writes", "window": "30s", "pass": ">= 0.99", "consecutive_failures": 2}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the gate measures; the last one stays."""
    values = [0.999]

    def measured(gate: Any, **_: Any) -> Reading:
        return Reading(values.pop(0) if len(values) > 1 else values[0], samples=100, newest_at=clock())

    monkeypatch.setattr(watching_after, "measure", measured)
    return values


def ended(status: RunStatus = RunStatus.SUCCEEDED, *, watch: bool = True, ago: timedelta = timedelta()) -> Run:
    gates = [{"name": "Writes succeed", "gate": GATE, "interval": 5, "on_fail": "roll_back"}] if watch else []
    run = run_of(step(), window=people(), watch=gates, status=RunStatus.VALIDATING)
    if status is RunStatus.ROLLED_BACK:
        become(run, RunStatus.ROLLING_BACK, ENGINE, reason="A person said so.", now=clock() - ago)
    become(run, status, ENGINE, reason="Every step is done and validated.", now=clock() - ago)
    return run


def look(run: Run, times: int = 1) -> None:
    """As beat, with the half minute between two looks taken away."""
    for _ in range(times):
        Run.objects.filter(pk=run.pk).update(measured_at=None)
        measure_afterwards()


def test_x09_a_breach_opens_one_incident_linked_to_the_window_and_pages(source: list[float]) -> None:
    run = ended()
    look(run, 2)
    assert not Incident.objects.exists() and run.readings.filter(verdict="pass").count() == 2
    source[:] = [0.5]
    look(run, 5)
    incident = Incident.objects.get()
    assert (incident.via, incident.tag, incident.service, incident.severity) == ("engine", run.window.reference, "orders", "major")
    assert "orders-writes over 30 s is 50 %" in incident.text
    assert IncidentLink.objects.get(incident=incident).window_id == run.window_id
    paged = Message.objects.filter(title__contains="an SLI is breached")
    assert {each.recipient for each in paged} == {f"{name}@example.org" for name in ("carl", "dora", "olga", "otto")}
    entry = AuditEntry.objects.get(kind="window.breached_after")
    assert (entry.window, entry.data["incident"], entry.data["measure"]) == (run.window.reference, incident.reference, "Writes succeed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.create(title="again", severity="major", started_at=clock(), via="engine", external_ref=incident.external_ref)


def test_x09_it_is_measured_every_half_minute_and_only_as_long_as_agreed(source: list[float], settings: Any) -> None:
    run = ended()
    measure_afterwards()
    measure_afterwards()
    assert run.readings.count() == 1, "another beat, or a second one, comes too early"
    for status, ago in ((RunStatus.ROLLED_BACK, MINUTE), (RunStatus.SUCCEEDED, settings.ROADWORKS.watch_after)):
        Run.objects.filter(pk=run.pk).update(status=status.value, ended_at=clock() - ago, measured_at=None)
        assert watching_after.due(clock()) == ([run.pk] if ago == MINUTE else [])
    Run.objects.filter(pk=run.pk).update(status="aborted", ended_at=clock(), measured_at=None)
    assert watching_after.due(clock()) == []


def test_x09_those_that_are_due_are_not_cut_off_by_those_that_are_not(source: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended()
    monkeypatch.setattr(watching_after, "MANY", 1)
    base = {"window": run.window, "status": "succeeded", "window_ends_at": run.window_ends_at, "ended_at": clock() - MINUTE}
    Run.objects.filter(pk=run.pk).update(ended_at=clock() - 2 * MINUTE, measured_at=clock())
    waits = Run.objects.create(number=7, measured_at=clock() - MINUTE / 2 - MINUTE, **base)
    never = Run.objects.create(number=8, measured_at=None, **base)
    assert watching_after.due(clock()) == [never.pk], "not measured yet: first"
    Run.objects.filter(pk=never.pk).update(measured_at=clock())
    assert watching_after.due(clock()) == [waits.pk]


def test_x09_what_was_measured_inside_the_window_counts_no_more(source: list[float]) -> None:
    run = ended()
    run.readings.create(gate="Writes succeed", value=0.5, verdict="fail", at=clock() - 2 * MINUTE)
    run.readings.update(at=clock() - 2 * MINUTE)
    source[:] = [0.5, 0.999]
    look(run, 2)
    assert not Incident.objects.exists(), "one failure since the end, and the limit is two"


def felt(bad: int, minutes: range) -> None:
    at = minute_of(clock())
    push("orders-reads", [Push(uuid4().hex, at - ago * MINUTE, 10_000 - bad, 10_000) for ago in minutes])


def test_x09_a_budget_that_burns_after_the_end_is_a_breach_and_one_that_burnt_inside_is_none() -> None:
    Objective.objects.create(slug="orders-reads", service="orders", title="Reads", target=Decimal("0.999"), is_critical=True)
    run = ended(RunStatus.ROLLED_BACK, watch=False, ago=5 * MINUTE)
    felt(5000, range(6, 60))
    felt(0, range(1, 4))
    look(run)
    assert not Incident.objects.exists()
    felt(5000, range(1, 4))
    look(run, 2)
    incident = Incident.objects.get()
    assert "orders-reads burns its error budget" in incident.text
    assert run.readings.filter(gate="burn rate of orders-reads", verdict="fail").exists()


def test_x09_what_cannot_be_measured_opens_nothing_and_is_shown_so(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(watching_after, "measure", lambda gate, **_: Reading(None, error="503"))
    run = ended()
    look(run, 6)
    assert not Incident.objects.exists()
    client.force_login(given.person("olga"))
    page = client.get(f"/windows/{run.window.reference}").content.decode()
    assert "Afterwards" in page and "watched until" in page and "not known" in page and "503" in page


def test_x09_the_windows_page_says_what_broke(source: list[float], client: Client) -> None:
    source[:] = [0.5]
    run = ended()
    look(run, 2)
    client.force_login(given.person("olga"))
    page = client.get(f"/windows/{run.window.reference}").content.decode()
    assert f"{Incident.objects.get().reference} “Writes succeed” is breached soon after a change</a>, open" in page


def test_x09_a_confidential_window_is_not_named_in_the_incident(source: list[float]) -> None:
    run = ended()
    Window.objects.filter(pk=run.window_id).update(confidential=True)
    source[:] = [0.5]
    look(run, 2)
    incident = Incident.objects.get()
    assert incident.tag == "" and run.window.reference not in incident.title + incident.text
    assert IncidentLink.objects.filter(incident=incident, window=run.window_id).exists()
