"""Every edge of a run's table is taken by the engine or by a person; every other pair is refused."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest

from tests import given_runs
from tests import given_windows as given
from tests.edges import Edge, Scenario, Scenarios, edges_of, others_than
from tests.given_runs import World, check, run_of, step
from tests.given_starts import approved, begins_now, started
from windows.access.roles import ENGINE, Actor
from windows.actions.outcomes import AwaitHuman, Failed
from windows.errors import Conflict
from windows.execution.commands.aborting import abort
from windows.execution.commands.holding import hold, resume, roll_back
from windows.execution.commands.steps import attest, retry
from windows.execution.commands.transitions import become, locked
from windows.execution.models import Run, clock
from windows.execution.states import RUN_FINAL, RUN_TRANSITIONS, RunStatus
from windows.scheduling.models import Window

R = RunStatus
world = given_runs.world
pytestmark = pytest.mark.django_db
scenarios = Scenarios("execution_run")
drives = scenarios.drives
Play = Generator[None, None, None]
NO = Failed("no", permanent=True)


def olga() -> Actor:
    return given.actor("olga")


def by_two(run: Run) -> None:
    abort(olga(), run.pk, "stop here")
    abort(given.actor("sam"), run.pk, "yes, stop")


def held() -> Run:
    run = run_of(step())
    return hold(olga(), run.pk, "wait")


def validating(world: World) -> Run:
    world.script[2, "forward"] = [AwaitHuman("Does it look well?")]
    return world.drive(run_of(step(), check()))


def stuck(world: World) -> Run:
    world.script |= {(2, "forward"): [NO], (1, "undo"): [NO]}
    return world.drive(run_of(step(), step()))


@drives((R.PREFLIGHT, R.RUNNING))
def begins(world: World) -> Play:
    run = started(begins_now(approved()))
    yield
    world.drive(run)


@drives((R.RUNNING, R.VALIDATING), (R.VALIDATING, R.SUCCEEDED))
def goes_well(world: World) -> Play:
    run = run_of(step(), check())
    yield
    world.drive(run)


@drives((R.PREFLIGHT, R.BLOCKED))
def is_moved_away_meanwhile(world: World) -> Play:
    run = started(begins_now(approved()))
    Window.objects.filter(pk=run.window_id).update(starts_at=clock() + timedelta(hours=1), ends_at=clock() + timedelta(hours=2))
    yield
    world.drive(run)


@drives((R.RUNNING, R.HELD), (R.HELD, R.RUNNING))
def is_held_and_goes_on(world: World) -> Play:
    run = run_of(step())
    yield
    hold(olga(), run.pk, "wait")
    resume(olga(), run.pk)


@drives((R.RUNNING, R.ROLLING_BACK), (R.ROLLING_BACK, R.ROLLED_BACK))
def a_step_fails(world: World) -> Play:
    run = run_of(step())
    world.script[1, "forward"] = [NO]
    yield
    world.drive(run)


@drives((R.RUNNING, R.ABORTED))
def is_aborted(world: World) -> Play:
    run = run_of(step())
    yield
    by_two(run)


@drives((R.HELD, R.ROLLING_BACK))
def its_hold_runs_out(world: World) -> Play:
    run = held()
    Run.objects.filter(pk=run.pk).update(turn_back_at=clock(), wake_at=clock())
    yield
    world.drive(run)


@drives((R.HELD, R.ABORTED))
def is_aborted_while_held(world: World) -> Play:
    run = held()
    yield
    by_two(run)


@drives((R.VALIDATING, R.HELD))
def validation_fails(world: World) -> Play:
    run = run_of(step(), check())
    world.script[2, "forward"] = [NO]
    yield
    world.drive(run)


@drives((R.VALIDATING, R.ROLLING_BACK))
def is_rolled_back_while_it_validates(world: World) -> Play:
    run = validating(world)
    yield
    roll_back(olga(), run.pk, "it does not look well")


@drives((R.ROLLING_BACK, R.STUCK))
def an_undo_fails(world: World) -> Play:
    run = run_of(step(), step())
    world.script |= {(2, "forward"): [NO], (1, "undo"): [NO]}
    yield
    world.drive(run)


@drives((R.STUCK, R.ROLLING_BACK))
def its_rollback_is_tried_again(world: World) -> Play:
    run = stuck(world)
    yield
    retry(olga(), run.pk)


@drives((R.STUCK, R.ROLLED_BACK))
def was_undone_by_hand(world: World) -> Play:
    run = stuck(world)
    yield
    attest(olga(), run.pk, 1, done=True, reason="undone by hand")


@drives((R.STUCK, R.ABORTED))
def is_left_as_it_is(world: World) -> Play:
    run = stuck(world)
    yield
    by_two(run)


@drives((R.RUNNING, R.ROLLING_BACK), (R.ROLLING_BACK, R.HELD))
def goes_back_to_its_checkpoint(world: World) -> Play:
    world.script[2, "forward"] = [Failed("no", permanent=True)]
    run = run_of(step(is_checkpoint=True), step(on_fail="checkpoint"))
    yield
    world.drive(run)


def test_every_edge_has_a_scenario() -> None:
    assert scenarios.edges() == edges_of(RUN_TRANSITIONS)


@pytest.mark.parametrize(("scenario", "edges"), scenarios.told, ids=lambda value: getattr(value, "__name__", ""))
def test_a_scenario_takes_its_edges(world: World, scenario: Scenario, edges: tuple[Edge, ...]) -> None:
    taken = scenarios.play(scenario, world)
    assert set(edges) <= taken <= edges_of(RUN_TRANSITIONS)


def test_every_other_pair_is_refused() -> None:
    run = run_of(step())
    for before, after in others_than(RUN_TRANSITIONS, RunStatus):
        Run.objects.filter(pk=run.pk).update(status=before.value, wake_at=None if before in RUN_FINAL else clock())
        with pytest.raises(Conflict) as refusal:
            become(locked(run.pk), after, ENGINE, reason="x", now=clock())
        assert (refusal.value.field, Run.objects.get().status) == ("status", before.value)


def test_whoever_comes_second_is_refused() -> None:
    run = run_of(step())
    mine = locked(run.pk)
    hold(olga(), run.pk, "wait")
    with pytest.raises(Conflict, match="no longer running"):
        become(mine, R.ROLLING_BACK, ENGINE, reason="x", now=clock())
