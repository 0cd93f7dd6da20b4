"""Watch gates: judged all along a run, answered in words; three-valued; asked once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import given_runs
from tests.given_runs import World, run_of, step
from windows.actions.gates import Reading
from windows.actions.outcomes import AwaitHuman
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.execution import watching
from windows.execution.models import Run, clock

world = given_runs.world
pytestmark = pytest.mark.django_db


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """What the gate measures next; the last one stays."""
    readings: list[Reading] = []
    monkeypatch.setattr(watching, "measure", lambda gate, **_: readings.pop(0) if len(readings) > 1 else readings[0])
    return readings


def fine(value: float) -> Reading:
    return Reading(value, samples=100, newest_at=clock())


def watched(world: World, on_fail: str = "roll_back", **gate: Any) -> Run:
    params = {"objective": "orders-writes", "window": "30s", "pass": ">= 0.99", "fail": "< 0.95", "consecutive_failures": 2} | gate
    watch = [{"name": "write errors", "gate": params, "interval": 0, "on_fail": on_fail}]
    world.script[2, "forward"] = [AwaitHuman("wait")]
    return world.drive(run_of(step(), step(), watch=watch))


def look(run: Run, times: int = 1) -> Run:
    for _ in range(times):
        watching.watch(run.pk)
    run.refresh_from_db()
    return run


def test_passes_leave_the_run_alone(world: World, source: list[Reading]) -> None:
    run = watched(world)
    source.append(fine(0.999))
    assert watching.due(clock()) == [run.pk]
    assert look(run, 3).status == "running" and run.readings.filter(verdict="pass").count() == 3


def test_two_failures_in_a_row_roll_back_with_the_reason_in_words(world: World, source: list[Reading]) -> None:
    run = watched(world)
    source += [fine(0.5), fine(0.999), fine(0.5), fine(0.4)]
    assert look(run, 3).status == "running"
    assert look(run).status == "rolling_back"
    assert "write errors" in run.reason and "40 % < 95 %" in run.reason
    assert world.drive(run).status == "rolled_back" and world.undone() == [2, 1]
    assert len(AuditEntry.objects.get(kind="run.rollback_started").data["readings"]) == 4


@pytest.mark.parametrize(
    "reading",
    [Reading(None, reason="empty vector"), Reading(None, error="503"), Reading(0.97, samples=100)],
    ids=["empty", "503", "between"],
)
def test_n10_what_cannot_be_decided_holds_and_asks_once(world: World, source: list[Reading], reading: Reading) -> None:
    run = watched(world, max_age="1h")
    source.append(Reading(reading.value, reading.samples, clock(), reading.error, reading.reason))
    assert look(run, 3).status == "running"
    assert look(run).status == "held" and run.hold_action == "roll_back" and run.hold_until
    look(run, 3)
    assert Message.objects.filter(title__contains="asks").count() == 4, "four people, once each"
    assert run.readings.filter(verdict="pass").count() == 0
    assert run.readings.filter(is_error=True).exists() is (reading.error == "503")
    Run.objects.filter(pk=run.pk).update(hold_until=clock(), wake_at=clock())
    assert world.drive(run).status == "rolled_back"


def test_on_fail_hold_holds_and_what_was_before_a_resume_counts_no_more(world: World, source: list[Reading]) -> None:
    run = watched(world, on_fail="hold")
    source.append(fine(0.5))
    assert look(run, 2).status == "held"
    from tests import given_windows as given
    from windows.execution.commands.holding import resume

    resume(given.actor("olga"), run.pk, "it is a known blip")
    assert look(run).status == "running", "one failure since: the limit is two"
    assert look(run).status == "held"


def test_a_held_run_is_still_rolled_back_by_a_gate(world: World, source: list[Reading]) -> None:
    run = watched(world)
    Run.objects.filter(pk=run.pk).update(status="held")
    source.append(fine(0.5))
    assert look(run, 2).status == "rolling_back"


def test_a_gate_is_measured_at_its_own_interval(world: World, source: list[Reading]) -> None:
    run = watched(world)
    run.watch[0]["interval"] = 60
    run.save(update_fields=["watch"])
    source.append(fine(0.999))
    look(run, 3)
    assert run.readings.count() == 1 and watching.due(clock()) == []
    assert watching.due(clock() + timedelta(minutes=1)) == [run.pk]
