"""What a run has stopped and nobody lets go on again: people hear of it, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import given_windows as given
from tests.given_runs import World, run_of, step, world
from windows.audit.queries import trail
from windows.delivery.models import Message
from windows.execution import tasks
from windows.execution.commands.steps import skip
from windows.execution.models import Run, StepRun, clock

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["world"]


def stopping(**facts: Any) -> Run:
    return run_of(step(quiesces="orders", name="Stop the queue"), step(resumes="orders", name="Start the queue", kind="rock", **facts))


def told(run: Run) -> list[str]:
    tasks.sweep()
    tasks.sweep()
    return [entry.kind for entry in trail(window=run.window.reference) if entry.kind == "run.resume_forgotten"]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ring", lambda *_: None)


def test_x05_a_resume_that_was_skipped_is_told(world: World) -> None:
    run = stopping()
    Run.objects.filter(pk=run.pk).update(status="held")
    world.drive(run)
    StepRun.objects.filter(run=run, position=1).update(status="succeeded", attempt=1, intended_at=clock())
    skip(given.actor("olga"), run.pk, 2, "no time")
    Run.objects.filter(pk=run.pk).update(status="running")
    world.drive(run)
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert told(run) == ["run.resume_forgotten"]
    assert Message.objects.filter(title__contains="keeps orders stopped", urgency="page").count() >= 3


def test_x05_one_that_takes_too_long_is_told_while_the_run_goes_on(world: World) -> None:
    run = stopping()
    late = clock() - timedelta(minutes=11)
    first = StepRun.objects.filter(run=run, position=1)
    first.update(status="succeeded", attempt=1, intended_at=late, resume_within=timedelta(minutes=20))
    assert not told(run)
    first.update(resume_within=timedelta(minutes=10))
    assert told(run) == ["run.resume_forgotten"]


def test_x05_what_was_resumed_or_undone_is_not_told(world: World) -> None:
    run = stopping()
    world.drive(run)
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert not told(run)
