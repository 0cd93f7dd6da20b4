"""Every edge of a step's table is taken by the engine or by a person; every other pair is refused."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest

from tests import given_runs
from tests import given_windows as given
from tests.edges import Edge, Scenario, Scenarios, edges_of, others_than
from tests.given_runs import World, check, run_of, step
from windows.access.roles import Actor
from windows.actions.outcomes import AwaitHuman, Done, Failed, Interrupted, Wait
from windows.errors import Conflict
from windows.execution.commands.holding import hold, roll_back
from windows.execution.commands.steps import attest, confirm, retry, skip
from windows.execution.commands.transitions import step_become
from windows.execution.engine.turns import turn
from windows.execution.engine.work import Act, Ownership
from windows.execution.models import Run, StepRun, clock
from windows.execution.states import STEP_TRANSITIONS, StepStatus

S = StepStatus
world = given_runs.world
pytestmark = pytest.mark.django_db
scenarios = Scenarios("execution_steprun")
drives = scenarios.drives
Play = Generator[None, None, None]
NO = Failed("no", permanent=True)


def olga() -> Actor:
    return given.actor("olga")


def dies(run: Run) -> None:
    """A worker takes the run, commits its intent and is gone; its lease is over."""
    assert isinstance(turn(Ownership(run.pk), None), Act)
    Run.objects.filter(pk=run.pk).update(lease_until=clock(), wake_at=clock())


def waiting(world: World) -> Run:
    world.script[1, "forward"] = [Wait(clock() + timedelta(minutes=1))]
    return world.drive(run_of(step(), step()))


def asking(world: World) -> Run:
    world.script[1, "forward"] = [AwaitHuman("Is the cable in?")]
    return world.drive(run_of(step(), step()))


def doubtful(world: World) -> Run:
    run = run_of(step(is_repeatable=False), step())
    dies(run)
    return world.drive(run)


def invalid(world: World) -> Run:
    """Its validation failed: held."""
    world.script[1, "forward"] = [NO]
    return world.drive(run_of(check(), check()))


def stuck(world: World) -> Run:
    world.script |= {(2, "forward"): [NO], (1, "undo"): [NO]}
    return world.drive(run_of(step(), step()))


@drives((S.PENDING, S.STARTED), (S.STARTED, S.SUCCEEDED))
def is_done(world: World) -> Play:
    run = run_of(step())
    yield
    world.drive(run)


@drives((S.PENDING, S.SKIPPED))
def is_left_out(world: World) -> Play:
    run = run_of(step())
    yield
    skip(olga(), run.pk, 1, "not needed")


@drives((S.STARTED, S.PENDING), (S.PENDING, S.COMPENSATING), (S.COMPENSATING, S.COMPENSATED))
def is_interrupted_by_a_rollback(world: World) -> Play:
    run = run_of(step())
    world.script[1, "forward"] = [lambda ctx: roll_back(olga(), run.pk, "now") and Interrupted({"at": 5})]
    yield
    world.drive(run)


@drives((S.STARTED, S.STARTED))
def its_worker_dies(world: World) -> Play:
    run = run_of(step())
    yield
    dies(run)
    world.drive(run)


@drives((S.STARTED, S.IN_DOUBT))
def its_worker_dies_and_it_may_not_be_repeated(world: World) -> Play:
    run = run_of(step(is_repeatable=False))
    yield
    dies(run)
    world.drive(run)


@drives((S.STARTED, S.COMPENSATING))
def is_rolled_back_while_its_outcome_is_unknown(world: World) -> Play:
    run = run_of(step())
    yield
    dies(run)
    roll_back(olga(), run.pk, "now")
    world.drive(run)


@drives((S.STARTED, S.WAITING), (S.WAITING, S.STARTED))
def waits(world: World) -> Play:
    world.script[1, "forward"] = [Wait(clock()), Done("at last")]
    run = run_of(step())
    yield
    world.drive(run)


@drives((S.WAITING, S.FAILED), (S.FAILED, S.COMPENSATING))
def waits_too_long(world: World) -> Play:
    world.script[1, "forward"] = [Wait(clock() + timedelta(hours=1))]
    run = run_of(step(timeout=timedelta(seconds=0.05)))
    yield
    world.drive(run)


@drives((S.WAITING, S.SKIPPED), (S.SKIPPED, S.COMPENSATING))
def is_left_out_after_an_attempt(world: World) -> Play:
    run = waiting(world)
    yield
    skip(olga(), run.pk, 1, "not needed")
    roll_back(olga(), run.pk, "after all")
    world.drive(run)


@drives((S.WAITING, S.COMPENSATING))
def is_rolled_back_while_it_waits(world: World) -> Play:
    run = waiting(world)
    yield
    roll_back(olga(), run.pk, "now")
    world.drive(run)


@drives((S.STARTED, S.AWAITING_PERSON), (S.AWAITING_PERSON, S.SUCCEEDED))
def is_confirmed(world: World) -> Play:
    world.script[1, "forward"] = [AwaitHuman("Is the cable in?")]
    run = run_of(step())
    yield
    confirm(olga(), world.drive(run).pk, 1, "I saw it")


@drives((S.AWAITING_PERSON, S.FAILED))
def cannot_be_done(world: World) -> Play:
    run = asking(world)
    yield
    attest(olga(), run.pk, 1, done=False, reason="the port is broken")


@drives((S.AWAITING_PERSON, S.SKIPPED))
def nobody_need_look(world: World) -> Play:
    run = asking(world)
    yield
    skip(olga(), run.pk, 1, "no cable there")


@drives((S.AWAITING_PERSON, S.COMPENSATING))
def is_rolled_back_while_it_asks(world: World) -> Play:
    run = asking(world)
    yield
    roll_back(olga(), run.pk, "now")
    world.drive(run)


@drives((S.STARTED, S.FAILED), (S.SUCCEEDED, S.COMPENSATING), (S.COMPENSATING, S.COMPENSATING), (S.COMPENSATING, S.COMPENSATION_FAILED))
def fails_and_so_does_an_undo(world: World) -> Play:
    run = run_of(step(), step())
    yield
    world.script |= {(2, "forward"): [NO], (1, "undo"): [Failed("500")] * 9}
    world.drive(run)


@drives((S.FAILED, S.PENDING))
def is_tried_again(world: World) -> Play:
    run = invalid(world)
    yield
    retry(olga(), run.pk, 1)


@drives((S.FAILED, S.SKIPPED))
def its_failure_is_of_no_account(world: World) -> Play:
    run = invalid(world)
    yield
    skip(olga(), run.pk, 1, "the probe is broken, the service is not")


@drives((S.IN_DOUBT, S.PENDING))
def was_not_done(world: World) -> Play:
    run = doubtful(world)
    yield
    attest(olga(), run.pk, 1, done=False, reason="I looked")


@drives((S.IN_DOUBT, S.SUCCEEDED))
def was_done(world: World) -> Play:
    run = doubtful(world)
    yield
    attest(olga(), run.pk, 1, done=True, reason="I looked")


@drives((S.IN_DOUBT, S.SKIPPED))
def is_left_in_doubt(world: World) -> Play:
    run = doubtful(world)
    yield
    skip(olga(), run.pk, 1, "of no account")


@drives((S.IN_DOUBT, S.COMPENSATING))
def is_undone_in_doubt(world: World) -> Play:
    run = doubtful(world)
    yield
    roll_back(olga(), run.pk, "safer")
    world.drive(run)


@drives((S.COMPENSATION_FAILED, S.COMPENSATING))
def its_undo_is_tried_again(world: World) -> Play:
    run = stuck(world)
    yield
    retry(olga(), run.pk)


@drives((S.COMPENSATION_FAILED, S.COMPENSATED))
def was_undone_by_hand(world: World) -> Play:
    run = stuck(world)
    yield
    attest(olga(), run.pk, 1, done=True, reason="undone by hand")


@drives((S.COMPENSATED, S.PENDING), (S.SUCCEEDED, S.PENDING))
def is_behind_the_checkpoint(world: World) -> Play:
    world.script[3, "forward"] = [NO]
    run = run_of(step(is_checkpoint=True), step(undo=None), step(on_fail="checkpoint"))
    yield
    world.drive(run)


def test_every_edge_has_a_scenario() -> None:
    assert scenarios.edges() == edges_of(STEP_TRANSITIONS)


@pytest.mark.parametrize(("scenario", "edges"), scenarios.told, ids=lambda value: getattr(value, "__name__", ""))
def test_a_scenario_takes_its_edges(world: World, scenario: Scenario, edges: tuple[Edge, ...]) -> None:
    taken = scenarios.play(scenario, world)
    assert set(edges) <= taken <= edges_of(STEP_TRANSITIONS)


def test_every_other_pair_is_refused() -> None:
    run = run_of(step())
    for before, after in others_than(STEP_TRANSITIONS, StepStatus):
        StepRun.objects.filter(run=run).update(status=before.value, wake_at=clock() if before is S.WAITING else None)
        with pytest.raises(Conflict) as refusal:
            step_become(StepRun.objects.get(run=run), after)
        assert (refusal.value.field, StepRun.objects.get(run=run).status) == ("status", before.value)


def test_whoever_comes_second_is_refused() -> None:
    run = run_of(step())
    mine = StepRun.objects.get(run=run)
    hold(olga(), run.pk, "wait")
    skip(olga(), run.pk, 1, "not needed")
    with pytest.raises(Conflict, match="no longer pending"):
        step_become(mine, S.STARTED)
