"""The engine while its own database is away or busy: it does not act past its lease, a hang still ends, what was prepared is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from tests import given_runs
from tests.given_runs import World, run_of, statuses, step
from tests.measured import until
from windows.actions.outcomes import Done, Interrupted, Outcome
from windows.execution.engine import heartbeat, loop
from windows.execution.models import Run, StepRun

world = given_runs.world
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def short(settings: Any) -> None:
    spans = {"lease": 1.0, "heartbeat": 0.1, "stop_check": 0.05}
    settings.ROADWORKS = replace(settings.ROADWORKS, **{name: timedelta(seconds=span) for name, span in spans.items()})


def failing(times: int, act: Callable[..., Any]) -> Callable[..., Any]:
    """The database is away for the first calls."""
    left = [times]

    def away(*args: Any, **facts: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise OperationalError("the database is away")
        return act(*args, **facts)

    return away


def test_r_a04_a_worker_cut_off_from_the_database_stops_when_its_lease_has_passed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_after: list[float] = []

    def cut_off(ctx: Any) -> Outcome:
        with monkeypatch.context() as cut:
            for name in ("_look", "_renew", "_keep_flags"):
                cut.setattr(heartbeat.Heartbeat, name, failing(10_000, lambda self: None))
            began = time.monotonic()
            while not ctx.stop_requested() and time.monotonic() < began + 60:
                time.sleep(0.02)
            asked_after.append(time.monotonic() - began)
        return Interrupted({"at": 5})

    world.script[1, "forward"] = [cut_off, lambda ctx: Done("went on") if not ctx.stop_requested() else Interrupted()]
    run = world.drive(run_of(step()))
    assert asked_after[0] < 40, "asked to stop about a lease after the last renewal"
    assert (run.status, world.done()) == ("succeeded", [1, 1]), "nobody had taken over: with the database back it is ours again"


def test_a_heartbeat_outlives_every_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        seen.append(1)
        raise ValueError("what a flag's owner may say")

    def outlive_the_lease(ctx: Any) -> Outcome:
        time.sleep(1.5)
        until(lambda: len(seen) > 1 and not ctx.stop_requested(), "a lease that was renewed")
        return Done("still ours")

    seen: list[int] = []
    monkeypatch.setattr(heartbeat.Heartbeat, "_look", refuse)
    world.script[1, "forward"] = [outlive_the_lease]
    run = world.drive(run_of(step()))
    assert len(seen) > 1 and StepRun.objects.get(run=run).outcome == "still ours"


@pytest.mark.parametrize("fault", ["away", "locked", "broken"])
def test_r_a06_an_act_that_hangs_while_the_database_does_not_answer_still_ends(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    settings.ROADWORKS = replace(settings.ROADWORKS, heartbeat=timedelta(seconds=8), lease=timedelta(seconds=20))
    monkeypatch.setattr(heartbeat, "GRACE", timedelta(seconds=0.1))
    gone, held, real = threading.Event(), threading.Event(), loop.turn

    def keep_locked() -> None:
        with transaction.atomic():
            Run.objects.select_for_update().get(pk=run.pk)
            held.set()
            time.sleep(1.5)
        connection.close()

    def hang(ctx: Any) -> Outcome:
        if fault == "locked":
            threading.Thread(target=keep_locked).start()
            assert held.wait(60)
        else:
            away = failing(2 if fault == "away" else 99, real)
            monkeypatch.setattr(loop, "turn", away)
        if fault == "broken":
            monkeypatch.setattr(loop, "PATIENCE", 0.3)
        gone.wait(90)
        monkeypatch.setattr(loop, "turn", real)
        return Done("too late")

    world.script[1, "forward"] = [hang]
    run = run_of(step(kind="rock", timeout=timedelta(seconds=0.2)))
    loop.advance(run.pk, world.build, leave=gone.set)
    assert gone.is_set(), "the heartbeat ended the process"
    if fault != "broken":  # there the lease runs out, as a dead worker's does
        row = StepRun.objects.get(run=run)
        assert row.status == "failed" and "did not come back" in row.outcome
        assert world.drive(run).status == "rolled_back"


def test_what_prepare_said_is_kept_although_the_database_was_away_for_a_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.prepared = {"before": "normal"}
    monkeypatch.setattr(loop, "keep_checkpoint", failing(1, loop.keep_checkpoint))
    run = world.drive(run_of(step()))
    assert (run.status, statuses(run), world.calls) == ("succeeded", ["succeeded"], [(1, "prepare"), (1, "forward")])
    assert StepRun.objects.get(run=run).checkpoint == {"before": "normal"}
