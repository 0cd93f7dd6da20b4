"""What next? One pure function of a run's state and the clock: same inputs, same answer. It knows no database and no Celery."""

from __future__ import annotations

from datetime import datetime

from windows.execution.decisions import (
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
)
from windows.execution.states import Phase, RunStatus, StepStatus

__all__ = [
    "Become",
    "Compensate",
    "Decision",
    "Doubt",
    "Execute",
    "Expire",
    "FreezeMet",
    "GiveUp",
    "Run",
    "RunPreflight",
    "Sleep",
    "Step",
    "checkpoint_before",
    "decide",
    "judge_preflight",
    "unresolved",
]
R, S = RunStatus, StepStatus
PASSED = frozenset({S.SUCCEEDED, S.SKIPPED})
# Workers die for reasons of their own, so a death is not held against a step's tries at once; but what kills each worker that
# touches it must end. So often it is taken over beyond its tries.
TAKEOVERS = 3
NAMED = 5  # steps named in one sentence


def decide(run: Run, now: datetime) -> Decision:
    """The one thing that must happen next. A final run has none: ValueError."""
    if not run.owned and run.lease_until is not None and run.lease_until > now:
        return Sleep(run.lease_until)  # another worker is at it
    match R(run.status):
        case R.PREFLIGHT:
            return RunPreflight()
        case R.RUNNING:
            return _forward(run, now, Phase.STEP)
        case R.VALIDATING:
            return _forward(run, now, Phase.VALIDATION)
        case R.HELD:
            return _held(run, now)
        case R.ROLLING_BACK:
            return _backward(run, now)
        case R.STUCK:
            return Sleep(None)
        case final:
            raise ValueError(f"a run that is {final} has no next step")


def judge_preflight(failures: list[str]) -> Become:
    """Only a pass proceeds: every check that failed or could not be answered gives its reason."""
    if failures:
        return Become(R.BLOCKED, " ".join(failures))
    return Become(R.RUNNING, "Every preflight check passed.")


def _forward(run: Run, now: datetime, phase: Phase) -> Decision:
    """Steps in order. What is finished is finished before any clock is asked; a new act needs the clock's leave."""
    current = next((step for step in run.steps if step.phase == phase and step.status not in PASSED), None)
    if current is None:
        if phase is Phase.STEP:
            return Become(R.VALIDATING, "Every step is done.")
        return Become(R.SUCCEEDED, "Every step is done and validated.")
    match S(current.status):
        case S.FAILED if phase is Phase.STEP:
            back_to = checkpoint_before(run.steps, current.position) if current.on_fail == "checkpoint" else None
            return Become(R.ROLLING_BACK, f"{current.called} failed: {current.outcome}".rstrip(": "), back_to=back_to)
        case S.IN_DOUBT:
            return Become(R.HELD, f"{current.called} is in doubt: say whether it was done.", asks=True)
        case S.STARTED if not run.owned and not current.is_repeatable:
            return Doubt(current.position)
        case S.STARTED if not run.owned and current.attempt >= current.max_attempts + TAKEOVERS:
            return GiveUp(current.position)
    if (stop := _clock(run, now)) is not None:
        return stop
    match S(current.status):
        case S.FAILED:
            return Become(R.HELD, f"Validation failed: {current.called}: {current.outcome}".rstrip(": "), asks=True)
        case S.WAITING | S.AWAITING_PERSON if current.deadline is not None and now >= current.deadline:
            return Expire(current.position)
        case S.AWAITING_PERSON:
            return Sleep(min(current.deadline or run.turn_back_at, run.turn_back_at))
        case S.WAITING if current.wake_at is not None and now < current.wake_at:
            return Sleep(min(t for t in (current.wake_at, current.deadline, run.turn_back_at) if t is not None))
        case S.PENDING | S.WAITING | S.STARTED:
            return Execute(current.position)
        case strange:
            raise ValueError(f"a run that is {run.status} holds a step that is {strange}")


def _clock(run: Run, now: datetime) -> Become | None:
    """Turn-back time and freezes, asked before every new act."""
    if now >= run.turn_back_at:
        reason = "Turn-back time: what is done can just be undone before the window ends."
        if run.overrun_policy == "roll_back" or now >= run.window_ends_at:
            return Become(R.ROLLING_BACK, reason)
        return Become(R.HELD, reason, run.window_ends_at, "roll_back", asks=True)
    if run.freeze is not None:
        reason = f"The change freeze “{run.freeze.title}” began."
        if run.freeze.policy == "roll_back":
            return Become(R.ROLLING_BACK, reason, met=run.freeze)
        return Become(R.HELD, reason, asks=True, met=run.freeze)
    return None


def _held(run: Run, now: datetime) -> Decision:
    """A hold does not stop the clock."""
    for step in run.steps:
        if step.status == S.STARTED and not run.owned and not step.is_repeatable:
            return Doubt(step.position)
    limit = run.turn_back_at if run.overrun_policy == "roll_back" else run.window_ends_at
    if now >= limit:
        return Become(R.ROLLING_BACK, "Turn-back time came while the run was held.")
    if run.freeze is not None and run.freeze.policy == "roll_back":
        return Become(R.ROLLING_BACK, f"The change freeze “{run.freeze.title}” began.", met=run.freeze)
    if run.hold_until is not None and now >= run.hold_until:
        if run.hold_action == "resume" and not unresolved(run.steps):
            return Become(R.RUNNING, "Nobody decided before the hold ran out: going on, as agreed.")
        return Become(R.ROLLING_BACK, "Nobody decided before the hold ran out.")
    return Sleep(min(limit, run.hold_until) if run.hold_until else limit)


def unresolved(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps a person must say something about before a held run can go on."""
    return tuple(step for step in steps if step.status in {S.IN_DOUBT, S.FAILED})


def checkpoint_before(steps: tuple[Step, ...], position: int | None = None) -> int | None:
    """The last checkpoint that was reached (before that step), or None where a rollback must undo everything."""
    reached = [step.position for step in steps if step.is_checkpoint and step.status == S.SUCCEEDED]
    return max((place for place in reached if position is None or place < position), default=None)


def _backward(run: Run, now: datetime) -> Decision:
    """The last touched step first; one that cannot be undone does not keep the ones before it from being undone."""
    failed, stood = [], standing(run)
    what = "and has an undo " if stood else ""
    for step in reversed(run.steps):
        if step.phase == Phase.PROOF or (run.back_to is not None and step.position <= run.back_to):
            continue
        if step.status == S.COMPENSATION_FAILED:
            failed.append(step)
        elif step.status == S.COMPENSATING and step.is_asking:
            return Sleep(None)
        elif step.status == S.COMPENSATING and step.wake_at is not None and now < step.wake_at:
            return Sleep(step.wake_at)
        elif step.status == S.COMPENSATING and step.is_undoing and not run.owned and step.undo_attempt >= step.undo_tries + TAKEOVERS:
            return GiveUp(step.position)
        elif step.status != S.COMPENSATED and step.touched and step.has_undo:
            return Compensate(step.position)
    if failed:
        names = ", ".join(step.called for step in reversed(failed))
        return Become(R.STUCK, f"Could not undo {names}. Everything else that was touched {what}is undone.{said_of(stood)}", asks=True)
    if run.back_to is not None:
        there = next((step.called for step in run.steps if step.position == run.back_to), f"step {run.back_to}")
        reason = f"Back at the checkpoint {there}: what came after it {what}is undone and can be done again.{said_of(stood)}"
        return Become(R.HELD, reason, asks=True)
    return _proof(run, now, stood)


def standing(run: Run) -> list[Step]:
    """What this rollback leaves as it is: touched, and without an undo."""
    return [step for step in run.steps if step.stands and (run.back_to is None or step.position > run.back_to)]


def said_of(stood: list[Step]) -> str:
    """One more sentence, with what stands and why; nothing where nothing does."""
    if not stood:
        return ""
    names = "; ".join(f"{step.called} ({step.no_undo_reason.rstrip('.')})" for step in stood[:NAMED])
    more = f"; and {len(stood) - NAMED} more" if len(stood) > NAMED else ""
    return f" Without an undo, so {'it stands' if len(stood) == 1 else 'they stand'}: {names}{more}."


def _proof(run: Run, now: datetime, stood: list[Step]) -> Decision:
    """Everything is undone: the same smoke tests show that the service is well, or nobody may call it rolled back."""
    proofs = [step for step in run.steps if step.phase == Phase.PROOF]
    current = next((step for step in proofs if step.status not in PASSED), None)
    all_back = f"Every touched step {'that has an undo ' if stood else ''}is undone"
    if current is None:
        return Become(R.ROLLED_BACK, f"{all_back}{' and the proof of it passed' if proofs else ''}.{said_of(stood)}")
    if current.status == S.FAILED:
        reason = f"{all_back}, but the proof failed: {current.called}: {current.outcome}".rstrip(": ")
        return Become(R.STUCK, reason, asks=True)
    if current.status == S.STARTED and not run.owned and current.attempt >= current.max_attempts + TAKEOVERS:
        return GiveUp(current.position)
    if current.status in {S.WAITING, S.AWAITING_PERSON}:
        if current.deadline is not None and now >= current.deadline:
            return Expire(current.position)
        if current.status == S.AWAITING_PERSON:
            return Sleep(current.deadline)
        if current.wake_at is not None and now < current.wake_at:
            return Sleep(min(at for at in (current.wake_at, current.deadline) if at is not None))
    return Execute(current.position)
