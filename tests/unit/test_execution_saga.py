"""What a run does next, as a table: one line a case."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from windows.execution.saga import (
    Become,
    Compensate,
    Decision,
    Doubt,
    Execute,
    Expire,
    FreezeMet,
    GiveUp,
    Run,
    RunPreflight,
    Sleep,
    Step,
    decide,
    judge_preflight,
)
from windows.execution.states import Phase, RunStatus, StepStatus

R, S = RunStatus, StepStatus
NOW = datetime(2030, 1, 1, tzinfo=UTC)
TURN_BACK, END = NOW + timedelta(hours=1), NOW + timedelta(hours=2)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def step(status: StepStatus = S.PENDING, **facts: Any) -> Step:
    return Step(facts.pop("position", 0), status, attempt=facts.pop("attempt", 0 if status in {S.PENDING, S.SKIPPED} else 1), **facts)


def check(status: StepStatus = S.PENDING, **facts: Any) -> Step:
    return step(status, phase=Phase.VALIDATION, **facts)


def run(status: RunStatus, *steps: Step, **facts: Any) -> Run:
    given = {"turn_back_at": TURN_BACK, "window_ends_at": END} | facts
    numbered = tuple(Step(**{**{n: getattr(s, n) for n in s.__slots__}, "position": i}) for i, s in enumerate(steps))
    return Run(status, numbered, **given)


def becomes(status: RunStatus, word: str = "") -> Any:
    class Matcher:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Become) and other.status is status and word in other.reason

        def __repr__(self) -> str:
            return f"Become({status}, …{word}…)"

    return Matcher()


hold_freeze, back_freeze = FreezeMet(7, "Peak", "hold"), FreezeMet(7, "Peak", "roll_back")
CASES: list[tuple[str, Run, Any]] = [
    ("preflight asks", run(R.PREFLIGHT, step()), RunPreflight()),
    ("preflight of another worker", run(R.PREFLIGHT, step(), lease_until=at(1)), Sleep(at(1))),
    ("preflight of a dead worker", run(R.PREFLIGHT, step(), lease_until=at(-1)), RunPreflight()),
    # running, forward
    ("first step", run(R.RUNNING, step(), step()), Execute(0)),
    ("next step", run(R.RUNNING, step(S.SUCCEEDED), step()), Execute(1)),
    ("a skipped step is passed", run(R.RUNNING, step(S.SKIPPED), step()), Execute(1)),
    ("all done", run(R.RUNNING, step(S.SUCCEEDED), check()), becomes(R.VALIDATING)),
    ("no step at all", run(R.RUNNING), becomes(R.VALIDATING)),
    ("validation waits its turn", run(R.RUNNING, step(), check()), Execute(0)),
    ("failed", run(R.RUNNING, step(S.SUCCEEDED), step(S.FAILED, outcome="HTTP 500"), step()), becomes(R.ROLLING_BACK, "HTTP 500")),
    ("interrupted goes on", run(R.RUNNING, step(S.PENDING, attempt=1)), Execute(0)),
    ("waiting", run(R.RUNNING, step(S.WAITING, wake_at=at(5)), step()), Sleep(at(5))),
    ("waiting is over", run(R.RUNNING, step(S.WAITING, wake_at=at(0)), step()), Execute(0)),
    ("waiting past turn-back", run(R.RUNNING, step(S.WAITING, wake_at=at(90))), Sleep(TURN_BACK)),
    ("waiting past its own time", run(R.RUNNING, step(S.WAITING, wake_at=at(5), deadline=at(3))), Sleep(at(3))),
    ("its own time is up", run(R.RUNNING, step(S.WAITING, wake_at=at(5), deadline=at(0))), Expire(0)),
    ("a person is awaited", run(R.RUNNING, step(S.AWAITING_PERSON)), Sleep(TURN_BACK)),
    # a step whose outcome is unknown
    ("another worker is at it", run(R.RUNNING, step(S.STARTED), lease_until=at(0.1)), Sleep(at(0.1))),
    ("dead worker, repeatable", run(R.RUNNING, step(S.STARTED), lease_until=at(0)), Execute(0)),
    ("dead worker, not repeatable", run(R.RUNNING, step(S.STARTED, is_repeatable=False), lease_until=at(-1)), Doubt(0)),
    ("no lease at all, not repeatable", run(R.RUNNING, step(S.STARTED, is_repeatable=False)), Doubt(0)),
    ("our own intent, never acted on", run(R.RUNNING, step(S.STARTED, is_repeatable=False), owned=True, lease_until=at(1)), Execute(0)),
    ("doubt comes before the clock", run(R.RUNNING, step(S.STARTED, is_repeatable=False), turn_back_at=at(-1)), Doubt(0)),
    ("resumed in doubt", run(R.RUNNING, step(S.IN_DOUBT), step()), becomes(R.HELD, "in doubt")),
    ("a person's time is up", run(R.RUNNING, step(S.AWAITING_PERSON, deadline=at(0))), Expire(0)),
    ("a person's time is not up", run(R.RUNNING, step(S.AWAITING_PERSON, deadline=at(3))), Sleep(at(3))),
    ("its workers died three times", run(R.RUNNING, step(S.STARTED, attempt=3), lease_until=at(0)), Execute(0)),
    ("its workers die every time", run(R.RUNNING, step(S.STARTED, attempt=4), lease_until=at(0)), GiveUp(0)),
    ("the owner's own try is its own", run(R.RUNNING, step(S.STARTED, attempt=4), owned=True, lease_until=at(1)), Execute(0)),
    ("its undo's workers died", run(R.ROLLING_BACK, step(S.COMPENSATING, is_undoing=True, undo_attempt=5)), Compensate(0)),
    ("its undo's workers die every time", run(R.ROLLING_BACK, step(S.COMPENSATING, is_undoing=True, undo_attempt=6)), GiveUp(0)),
    # turn-back time
    ("turn-back time", run(R.RUNNING, step(S.SUCCEEDED), step(), turn_back_at=NOW), becomes(R.ROLLING_BACK, "Turn-back")),
    ("turn-back time, hold", run(R.RUNNING, step(), turn_back_at=NOW, overrun_policy="hold"), becomes(R.HELD, "Turn-back")),
    (
        "after the end, hold or not",
        run(R.RUNNING, step(), turn_back_at=at(-60), window_ends_at=NOW, overrun_policy="hold"),
        becomes(R.ROLLING_BACK),
    ),
    ("turn-back while waiting", run(R.RUNNING, step(S.WAITING, wake_at=at(5)), turn_back_at=NOW), becomes(R.ROLLING_BACK)),
    ("turn-back while a person is awaited", run(R.RUNNING, step(S.AWAITING_PERSON), turn_back_at=NOW), becomes(R.ROLLING_BACK)),
    ("turn-back, dead repeatable step", run(R.RUNNING, step(S.STARTED), turn_back_at=NOW), becomes(R.ROLLING_BACK)),
    ("turn-back with all steps done", run(R.RUNNING, step(S.SUCCEEDED), turn_back_at=NOW), becomes(R.VALIDATING)),
    ("turn-back before validation", run(R.VALIDATING, step(S.SUCCEEDED), check(), turn_back_at=NOW), becomes(R.ROLLING_BACK)),
    ("turn-back, all validated", run(R.VALIDATING, step(S.SUCCEEDED), check(S.SUCCEEDED), turn_back_at=NOW), becomes(R.SUCCEEDED)),
    # freezes at a boundary
    ("freeze holds", run(R.RUNNING, step(S.SUCCEEDED), step(), freeze=hold_freeze), becomes(R.HELD, "Peak")),
    ("freeze: finish the step", run(R.RUNNING, step(), freeze=FreezeMet(7, "Peak", "finish_step")), becomes(R.HELD, "Peak")),
    ("freeze rolls back", run(R.RUNNING, step(S.SUCCEEDED), step(), freeze=back_freeze), becomes(R.ROLLING_BACK, "Peak")),
    ("freeze with nothing left to do", run(R.VALIDATING, step(S.SUCCEEDED), freeze=back_freeze), becomes(R.SUCCEEDED)),
    ("freeze while held, hold", run(R.HELD, step(), freeze=hold_freeze), Sleep(TURN_BACK)),
    ("freeze while held, roll back", run(R.HELD, step(), freeze=back_freeze), becomes(R.ROLLING_BACK)),
    # held
    ("held sleeps until turn-back", run(R.HELD, step()), Sleep(TURN_BACK)),
    ("held sleeps until the hold runs out", run(R.HELD, step(), hold_until=at(5), hold_action="roll_back"), Sleep(at(5))),
    ("the hold ran out", run(R.HELD, step(), hold_until=at(0), hold_action="roll_back"), becomes(R.ROLLING_BACK, "Nobody")),
    ("the hold ran out, resume", run(R.HELD, step(), hold_until=at(0), hold_action="resume"), becomes(R.RUNNING)),
    ("resume never skips a doubt", run(R.HELD, step(S.IN_DOUBT), hold_until=at(0), hold_action="resume"), becomes(R.ROLLING_BACK)),
    ("the clock runs while held", run(R.HELD, step(), turn_back_at=NOW), becomes(R.ROLLING_BACK, "held")),
    ("held by policy until the end", run(R.HELD, step(), turn_back_at=NOW, overrun_policy="hold"), Sleep(END)),
    ("held by policy, the end", run(R.HELD, step(), turn_back_at=NOW, window_ends_at=NOW, overrun_policy="hold"), becomes(R.ROLLING_BACK)),
    ("held, another worker still at a step", run(R.HELD, step(S.STARTED), lease_until=at(1)), Sleep(at(1))),
    ("held, a dead worker's step", run(R.HELD, step(S.STARTED, is_repeatable=False)), Doubt(0)),
    ("held, a dead worker's repeatable step", run(R.HELD, step(S.STARTED)), Sleep(TURN_BACK)),
    # validating
    ("validate", run(R.VALIDATING, step(S.SUCCEEDED), check()), Execute(1)),
    ("validated", run(R.VALIDATING, step(S.SUCCEEDED), check(S.SUCCEEDED)), becomes(R.SUCCEEDED)),
    ("nothing to validate", run(R.VALIDATING, step(S.SUCCEEDED)), becomes(R.SUCCEEDED)),
    ("validation fails", run(R.VALIDATING, step(S.SUCCEEDED), check(S.FAILED)), becomes(R.HELD, "Validation failed")),
    ("validation waits", run(R.VALIDATING, check(S.WAITING, wake_at=at(1))), Sleep(at(1))),
    # rolling back
    ("the last touched first", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.SUCCEEDED), step()), Compensate(1)),
    ("the failed one too", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.FAILED), step()), Compensate(1)),
    ("the one of unknown outcome too", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.STARTED)), Compensate(1)),
    ("the one in doubt too", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.IN_DOUBT)), Compensate(1)),
    ("the waiting one too", run(R.ROLLING_BACK, step(S.WAITING, wake_at=at(9))), Compensate(0)),
    ("interrupted too", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.PENDING, attempt=1)), Compensate(1)),
    ("skipped after an attempt too", run(R.ROLLING_BACK, step(S.SKIPPED, attempt=2)), Compensate(0)),
    ("skipped untouched not", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.SKIPPED)), Compensate(0)),
    ("validation steps too", run(R.ROLLING_BACK, step(S.SUCCEEDED), check(S.FAILED)), Compensate(1)),
    ("nothing to undo there", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.FAILED, has_undo=False)), Compensate(0)),
    ("in flight at another worker", run(R.ROLLING_BACK, step(S.STARTED), lease_until=at(1)), Sleep(at(1))),
    ("on to the one before", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.COMPENSATED)), Compensate(0)),
    ("a dead worker's compensation again", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.COMPENSATING)), Compensate(1)),
    ("not repeatable: its compensation again", run(R.ROLLING_BACK, step(S.COMPENSATING, is_repeatable=False)), Compensate(0)),
    ("its retry is not due", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.COMPENSATING, wake_at=at(1))), Sleep(at(1))),
    ("its retry is due", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.COMPENSATING, wake_at=at(0))), Compensate(1)),
    ("a person undoes it", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.COMPENSATING, is_asking=True)), Sleep(None)),
    ("one failed: go on", run(R.ROLLING_BACK, step(S.SUCCEEDED), step(S.COMPENSATION_FAILED)), Compensate(0)),
    ("one failed: stuck", run(R.ROLLING_BACK, step(S.COMPENSATED), step(S.COMPENSATION_FAILED)), becomes(R.STUCK, "Step 1")),
    ("all undone", run(R.ROLLING_BACK, step(S.COMPENSATED), step(S.COMPENSATED), step()), becomes(R.ROLLED_BACK)),
    ("nothing was touched", run(R.ROLLING_BACK, step(), step()), becomes(R.ROLLED_BACK)),
    ("no clock stops a rollback", run(R.ROLLING_BACK, step(S.SUCCEEDED), turn_back_at=at(-99), window_ends_at=at(-9)), Compensate(0)),
    ("no freeze stops a rollback", run(R.ROLLING_BACK, step(S.SUCCEEDED), freeze=hold_freeze), Compensate(0)),
    ("stuck waits for a person", run(R.STUCK, step(S.COMPENSATION_FAILED)), Sleep(None)),
]


@pytest.mark.parametrize(("state", "expected"), [(state, expected) for _, state, expected in CASES], ids=[name for name, *_ in CASES])
def test_decide(state: Run, expected: Decision) -> None:
    assert decide(state, NOW) == expected
    assert decide(state, NOW) == expected  # the same inputs, the same answer


@pytest.mark.parametrize("status", [R.SUCCEEDED, R.ROLLED_BACK, R.ABORTED, R.BLOCKED])
def test_a_final_run_has_no_next_step(status: RunStatus) -> None:
    with pytest.raises(ValueError, match="no next step"):
        decide(run(status, step()), NOW)


def test_a_hold_by_turn_back_policy_ends_with_the_window() -> None:
    decision = decide(run(R.RUNNING, step(), turn_back_at=NOW, overrun_policy="hold"), NOW)
    assert isinstance(decision, Become)
    assert (decision.hold_until, decision.hold_action, decision.asks) == (END, "roll_back", True)


def test_only_a_pass_leaves_preflight() -> None:
    assert judge_preflight([]) == becomes(R.RUNNING)
    assert judge_preflight(["No approval.", "A freeze."]) == becomes(R.BLOCKED, "No approval. A freeze.")
