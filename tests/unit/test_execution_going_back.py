"""How far a rollback goes, and what proves it: one line a case."""

from __future__ import annotations

import pytest

from tests.unit.test_execution_saga import NOW, R, S, at, becomes, check, run, step
from windows.execution.saga import Become, Compensate, Decision, Execute, Expire, GiveUp, Sleep, checkpoint_before, decide
from windows.execution.states import Phase

HERE = step(S.SUCCEEDED, is_checkpoint=True)


def proof(status: S = S.PENDING, **facts: object):
    return step(status, phase=Phase.PROOF, has_undo=False, **facts)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (run(R.ROLLING_BACK, HERE, step(S.SUCCEEDED), step(S.FAILED), back_to=0), Compensate(2)),
        (run(R.ROLLING_BACK, HERE, step(S.SUCCEEDED), step(S.COMPENSATED), back_to=0), Compensate(1)),
        (run(R.ROLLING_BACK, HERE, step(S.COMPENSATED), back_to=0), becomes(R.HELD, "Back at the checkpoint Step 0")),
        (run(R.ROLLING_BACK, HERE, step(S.COMPENSATED), proof(), back_to=0), becomes(R.HELD)),  # nothing is proved half way
        (run(R.ROLLING_BACK, HERE, step(S.COMPENSATION_FAILED), step(S.COMPENSATED), back_to=0), becomes(R.STUCK, "Step 1")),
        (run(R.ROLLING_BACK, HERE, step(S.COMPENSATED)), Compensate(0)),  # the whole way, after all
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof()), Execute(1)),
        (run(R.ROLLING_BACK, step(S.SUCCEEDED), proof()), Compensate(0)),  # first undone, then proved
        (run(R.ROLLING_BACK, step(S.COMPENSATION_FAILED), proof()), becomes(R.STUCK)),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.SUCCEEDED), proof()), Execute(2)),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.SUCCEEDED)), becomes(R.ROLLED_BACK, "proof")),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.SKIPPED)), becomes(R.ROLLED_BACK)),  # attested by a person
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.FAILED, outcome="502")), becomes(R.STUCK, "502")),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.WAITING, wake_at=at(1))), Sleep(at(1))),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.WAITING, wake_at=at(-1))), Execute(1)),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.WAITING, wake_at=at(1), deadline=at(0))), Expire(1)),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.AWAITING_PERSON, deadline=at(5))), Sleep(at(5))),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.STARTED, attempt=1)), Execute(1)),  # its worker died: it only looks
        (run(R.ROLLING_BACK, step(S.COMPENSATED), proof(S.STARTED, attempt=4)), GiveUp(1)),
        (run(R.RUNNING, step(S.SUCCEEDED), check(S.SUCCEEDED), proof()), becomes(R.VALIDATING)),
        (run(R.VALIDATING, step(S.SUCCEEDED), check(S.SUCCEEDED), proof()), becomes(R.SUCCEEDED)),
    ],
)
def test_how_far_back(state, expected: Decision) -> None:
    assert decide(state, NOW) == expected


STANDS = step(S.SUCCEEDED, has_undo=False, no_undo_reason="The column goes as a whole.", name="Fill")


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        (run(R.ROLLING_BACK, step(S.COMPENSATED), STANDS), R.ROLLED_BACK,
         "Every touched step that has an undo is undone. Without an undo, so it stands: Step 1 “Fill” (The column goes as a whole)."),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), STANDS, proof(S.SUCCEEDED, no_undo_reason="It only looks.")), R.ROLLED_BACK,
         "Every touched step that has an undo is undone and the proof of it passed. Without an undo, so it stands: Step 1 “Fill” (The"),
        (run(R.ROLLING_BACK, STANDS, *[STANDS] * 6), R.ROLLED_BACK, "; and 2 more."),
        (run(R.ROLLING_BACK, step(S.COMPENSATION_FAILED), STANDS), R.STUCK,
         "Everything else that was touched and has an undo is undone. Without an undo, so it stands: Step 1"),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), STANDS, proof(S.FAILED, outcome="502")), R.STUCK, "that has an undo is undone, but the"),
        (run(R.ROLLING_BACK, STANDS, HERE, STANDS, step(S.COMPENSATED), back_to=1), R.HELD,
         "what came after it and has an undo is undone and can be done again. Without an undo, so it stands: Step 2 “Fill”"),
        (run(R.ROLLING_BACK, step(S.COMPENSATED), step(has_undo=False, no_undo_reason="why")), R.ROLLED_BACK, "touched step is undone."),
    ],
)  # fmt: skip
def test_a_rollback_names_what_stands_and_why(state, status: R, said: str) -> None:
    found = decide(state, NOW)
    assert isinstance(found, Become) and found.status is status
    assert said in found.reason


def test_a_failed_step_goes_back_as_far_as_its_runbook_says() -> None:
    def failed(on_fail: str) -> Become:
        found = decide(run(R.RUNNING, HERE, step(S.SUCCEEDED), step(S.FAILED, on_fail=on_fail)), NOW)
        assert isinstance(found, Become) and found.status is R.ROLLING_BACK
        return found

    assert failed("checkpoint").back_to == 0
    assert failed("roll_back").back_to is None
    alone = decide(run(R.RUNNING, step(S.SKIPPED, is_checkpoint=True), step(S.FAILED, on_fail="checkpoint")), NOW)
    assert isinstance(alone, Become) and alone.back_to is None, "a checkpoint that was skipped was never reached"


def test_the_last_checkpoint_that_was_reached() -> None:
    steps = run(R.RUNNING, HERE, step(S.SUCCEEDED), HERE, step(S.STARTED, is_checkpoint=True)).steps
    assert checkpoint_before(steps) == 2
    assert checkpoint_before(steps, 2) == 0
    assert checkpoint_before(steps, 0) is None


def test_turn_back_time_goes_the_whole_way_from_a_checkpoint_too() -> None:
    found = decide(run(R.HELD, HERE, step(), back_to=0, turn_back_at=NOW), NOW)
    assert isinstance(found, Become) and (found.status, found.back_to) == (R.ROLLING_BACK, None)
