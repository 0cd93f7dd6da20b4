"""Rollbacks that end at a checkpoint, and rollbacks that must prove that all is well again."""

from __future__ import annotations

from typing import Any

import pytest

from tests import given_runs
from tests import given_windows as given
from tests.given_runs import World, run_of, statuses, step
from windows.access.roles import Actor, Role
from windows.actions.outcomes import Done, Failed, Undecided
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.catalogue.queries import actor_for
from windows.delivery.models import Message
from windows.errors import Conflict
from windows.execution.commands.holding import hold, resume, roll_back
from windows.execution.commands.steps import attest, retry, skip
from windows.execution.commands.watches import answer_gate
from windows.execution.models import Run, StepRun
from windows.execution.queries.views import run_view
from windows.execution.states import Phase

world = given_runs.world
pytestmark = pytest.mark.django_db


def checkpoint(**facts: Any) -> dict[str, Any]:
    return step(is_checkpoint=True, **facts)


def proof(**facts: Any) -> dict[str, Any]:
    return step(phase=Phase.PROOF.value, undo=None, no_undo_reason="A proof only looks.", **facts)


def carl() -> Actor:
    return actor_for(Person.objects.get(email__startswith="carl"), via="web")


def broken() -> Failed:
    return Failed("no", permanent=True)


def test_a_failed_step_goes_back_to_the_checkpoint_and_a_person_lets_it_go_on(world: World) -> None:
    world.script[4, "forward"] = [broken()]
    run = world.drive(run_of(step(), checkpoint(), step(), step(on_fail="checkpoint"), step()))
    assert (run.status, run.back_to, world.undone()) == ("held", 2, [4, 3])
    assert statuses(run) == ["succeeded", "succeeded", "pending", "pending", "pending"]
    assert "Back at the checkpoint" in run.reason and "step 4" in run.reason, "what went wrong stays on record"
    assert run.window.status == "running"
    assert Message.objects.filter(title__contains="asks").exists()
    keys = list(world.keys)
    resume(carl(), run.pk)
    run = world.drive(run)
    assert (run.status, run.back_to) == ("succeeded", None)
    again = world.keys[len(keys) :]
    assert again == [f"{run.pk}:3:forward:2", f"{run.pk}:4:forward:2", f"{run.pk}:5:forward"], "done anew is another deed"
    assert not set(again) & set(keys)


def test_what_is_done_anew_is_prepared_anew(world: World) -> None:
    """What was there before it is not what was there before the deed that was undone."""
    world.prepared = {}
    world.script[2, "forward"] = [broken()]
    run = world.drive(run_of(checkpoint(), step(on_fail="checkpoint")))
    resume(carl(), run.pk)
    assert world.drive(run).status == "succeeded"
    assert world.calls.count((2, "prepare")) == 2 and world.calls.count((1, "prepare")) == 1


def test_a_person_chooses_the_checkpoint(world: World) -> None:
    run = run_of(checkpoint(), step(), checkpoint(), step())
    world.script[4, "forward"] = [Undecided("who knows", otherwise="hold")]
    run = world.drive(run)
    view = run_view(run.pk, carl())
    assert [one.position for one in view.steps if "back" in one.verbs] == [1, 3]
    with pytest.raises(Conflict, match="Reached: 1, 3"):
        roll_back(carl(), run.pk, "wrong place", 2)
    roll_back(carl(), run.pk, "from the start", 1)
    run = world.drive(run)
    assert (run.status, world.undone()) == ("held", [4, 3, 2])
    assert statuses(run) == ["succeeded", "pending", "pending", "pending"]
    roll_back(carl(), run.pk, "all of it")
    run = world.drive(run)
    assert (run.status, run.back_to, world.undone()) == ("rolled_back", None, [4, 3, 2, 1])


def test_a_watch_gate_goes_back_to_the_last_checkpoint(world: World) -> None:
    run = world.drive(run_of(checkpoint(), step(kind="rock"), step(is_checkpoint=False)))
    run = run_of_held(world, run)
    answer_gate(run.pk, "errors", "checkpoint", "too many", readings=[])
    run = world.drive(run)
    assert (run.status, run.back_to) == ("held", 1)
    answer_gate(run.pk, "errors", "checkpoint", "still too many", readings=[])
    run.refresh_from_db()
    assert run.status == "held", "it is there already, and a person decides"


def run_of_held(world: World, run: Run) -> Run:
    """Another run like it, held after its second step."""
    Run.objects.filter(pk=run.pk).update(status="held", wake_at=None)
    run.refresh_from_db()
    StepRun.objects.filter(run=run, position=3).update(status="pending", attempt=0)
    return run


def test_a_rollback_to_a_checkpoint_can_be_made_a_whole_one(world: World) -> None:
    run = run_of(checkpoint(), step(), step(on_fail="checkpoint"))
    world.script[3, "forward"] = [broken()]

    def widened(ctx: object) -> Done:
        with pytest.raises(Conflict, match="rolling back"):
            hold(carl(), run.pk, "no")
        roll_back(carl(), run.pk, "everything, please")
        return Done("undone")

    world.script[2, "undo"] = [widened]
    run = world.drive(run)
    assert (run.status, world.undone()) == ("rolled_back", [3, 2, 1])
    assert AuditEntry.objects.filter(kind="run.rollback_widened").exists()


def test_a_compensation_that_fails_on_the_way_to_a_checkpoint_is_stuck_and_then_goes_on_to_it(world: World) -> None:
    run = run_of(checkpoint(), step(), step(on_fail="checkpoint"))
    world.script[3, "forward"] = [broken()]
    world.script[2, "undo"] = [broken()]
    run = world.drive(run)
    assert (run.status, run.back_to) == ("stuck", 1)
    attest(carl(), run.pk, 2, True, "by hand")
    run = world.drive(run)
    assert (run.status, statuses(run)) == ("held", ["succeeded", "pending", "pending"])


def test_what_cannot_be_undone_behind_a_checkpoint_is_done_anew_only_if_it_may_be(world: World) -> None:
    run = run_of(checkpoint(), step(undo=None), step(undo=None, is_repeatable=False), step(on_fail="checkpoint"))
    world.script[4, "forward"] = [broken()]
    run = world.drive(run)
    assert statuses(run) == ["succeeded", "pending", "succeeded", "pending"]


def test_f02_the_same_smoke_tests_prove_a_rollback(world: World) -> None:
    world.script[2, "forward"] = [broken()]
    run = world.drive(run_of(step(), step(), proof()))
    assert (run.status, world.undone(), world.calls[-1]) == ("rolled_back", [2, 1], (3, "forward"))
    assert StepRun.objects.get(run=run, position=3).outcome == "done"
    assert (run_view(run.pk, carl()).total, run_view(run.pk, carl()).done) == (2, 0), "a proof is no step of the plan"


@pytest.mark.parametrize("outcome", [broken(), Undecided("no data")], ids=["fails", "cannot be decided"])
def test_f02_a_failed_proof_is_stuck_and_loud(world: World, outcome: Any) -> None:
    world.script[1, "forward"] = [broken()]
    world.script[2, "forward"] = [outcome]
    run = world.drive(run_of(step(), proof(), proof()))
    assert run.status == "stuck" and "proof failed" in run.reason
    assert run.window.status == "running", "nobody calls it rolled back"
    assert Message.objects.filter(title__contains="stuck", urgency="page").count() == 4
    view = run_view(run.pk, carl())
    assert [one.position for one in view.in_doubt] == [2]
    retry(carl(), run.pk)
    run = world.drive(run)
    assert (run.status, statuses(run)) == ("rolled_back", ["compensated", "succeeded", "succeeded"])


def test_a_failed_proof_is_attested_by_a_person_and_the_next_is_asked_all_the_same(world: World) -> None:
    world.script[1, "forward"] = [broken()]
    world.script[2, "forward"] = [broken()]
    run = world.drive(run_of(step(), proof(), proof()))
    olga = actor_for(Person.objects.get(email__startswith="olga"), via="web")
    attest(olga, run.pk, 2, True, "I looked: the page is there")
    run = world.drive(run)
    assert (run.status, statuses(run)) == ("rolled_back", ["compensated", "skipped", "succeeded"])


def test_a_run_that_succeeds_never_asks_for_the_proof_and_nobody_skips_it(world: World) -> None:
    run = run_of(step(), proof())
    with pytest.raises(Conflict, match="not skipped"):
        skip(carl(), run.pk, 2, "no need")
    run = world.drive(run)
    assert (run.status, world.calls) == ("succeeded", [(1, "forward")])


def test_only_who_may_roll_back_chooses_a_checkpoint(world: World) -> None:
    run = world.drive(run_of(checkpoint(), step(kind="rock"), step()))
    stranger = given.actor("vera", ("shop", Role.VIEWER))
    assert all("back" not in one.verbs for one in run_view(run.pk, stranger).steps)
