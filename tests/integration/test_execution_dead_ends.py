"""No run is left where nothing goes on: not with a compensation nobody can do, nor with an act that kills whoever touches it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import given_runs
from tests import given_windows as given
from tests.given_runs import World, run_of, statuses, step
from windows.actions.outcomes import AwaitHuman, Failed
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.execution.commands.steps import attest, retry
from windows.execution.engine.turns import turn
from windows.execution.engine.work import Act, Ownership
from windows.execution.models import Run, StepRun, clock
from windows.execution.queries.views import run_view

world = given_runs.world
pytestmark = pytest.mark.django_db


def test_a_compensation_that_a_person_cannot_do_leaves_the_run_stuck_and_not_asleep(world: World) -> None:
    world.script[2, "forward"] = [Failed("no", permanent=True)]
    world.script[2, "undo"] = [AwaitHuman("Pull the cable")]
    run = world.drive(run_of(step(), step()))
    olga = given.actor("olga")
    assert (run.status, run.wake_at) == ("rolling_back", None) and world.undone() == [2]
    assert set(Message.objects.filter(title__contains="needs you").values_list("urgency", flat=True)) == {"page"}
    assert run_view(run.pk, olga).steps[1].verbs == ("attest", "confirm")
    attest(olga, run.pk, 2, done=False, reason="the cable is stuck")
    run = world.drive(run)
    assert (run.status, statuses(run), world.undone()) == ("stuck", ["compensated", "compensation_failed"], [2, 1])
    retry(olga, run.pk)
    assert world.drive(run).status == "rolled_back"


def dies(run: Run) -> bool:
    """A worker takes the run, begins its act and dies. False: there was nothing to begin."""
    began = isinstance(turn(Ownership(run.pk), None), Act)
    if began:
        Run.objects.filter(pk=run.pk).update(lease_until=clock(), wake_at=clock())
    return began


def test_a_compensation_that_kills_its_workers_ends_stuck_with_a_page(world: World) -> None:
    world.script[1, "forward"] = [Failed("no", permanent=True)]
    run = run_of(step())
    Run.objects.filter(pk=run.pk).update(status="rolling_back")
    StepRun.objects.filter(run=run).update(status="failed", attempt=1)
    deaths = sum(dies(run) for _ in range(12))
    run = world.drive(run)
    assert (deaths, run.status) == (6, "stuck"), "three tries and three takeovers"
    assert Message.objects.filter(title__contains="stuck").exists()
    assert "died again" in AuditEntry.objects.get(kind="step.compensation_failed").data["reason"]


def test_a_step_that_kills_its_workers_fails_and_is_rolled_back(world: World) -> None:
    run = run_of(step())
    forward = 0
    while StepRun.objects.get(run=run).status in {"pending", "started"} and forward < 12 and dies(run):
        forward += StepRun.objects.get(run=run).status == "started"
    assert forward == 4, "one try and three takeovers"
    assert world.drive(run).status == "rolled_back" and world.undone() == [1]


def test_a_persons_time_runs_out(world: World) -> None:
    world.script[1, "forward"] = [AwaitHuman("Is the cable in?")]
    run = world.drive(run_of(step()))
    StepRun.objects.filter(run=run).update(intended_at=clock() - timedelta(minutes=1))
    Run.objects.filter(pk=run.pk).update(wake_at=clock())
    assert world.drive(run).status == "rolled_back"
    assert AuditEntry.objects.get(kind="step.failed").data["reason"] == "timed out after 30 s"
    assert StepRun.objects.get(run=run).prompt == ""
