"""Verbs: hold a run at a step boundary, let it go on, roll it back."""

from __future__ import annotations

from django.db.models import Q

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.delivery.bell import ring_on_commit
from windows.errors import Conflict, Invalid
from windows.execution.commands.transitions import become, locked, spoken, step_become, tell
from windows.execution.models import Run
from windows.execution.states import Phase, RunStatus, StepStatus
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import subject_of

UNRESOLVED = [StepStatus.IN_DOUBT.value, StepStatus.FAILED.value]
WENT_WRONG = Q(status=StepStatus.COMPENSATION_FAILED.value) | Q(phase=Phase.PROOF.value, status=StepStatus.FAILED.value)


@one_transaction
def hold(actor: Actor, run_id: int, reason: str) -> Run:
    """Stop at the next step boundary; a step that can be interrupted is. Its clock runs on: at turn-back time the policy acts."""
    run = locked(run_id)
    require(actor, Verb.HOLD, subject_of(run.window))
    if run.status == RunStatus.ROLLING_BACK:
        raise Conflict(f"Run {run.number} of {run.window.reference} is rolling back: that is not held.", field="status", status=run.status)
    become(run, RunStatus.HELD, actor, reason=said(actor, reason), now=clock())
    wake(run)
    return run


@one_transaction
def resume(actor: Actor, run_id: int, reason: str = "") -> Run:
    """Go on from where it was held. Conflict while a step is failed or in doubt, and after turn-back time."""
    run = locked(run_id)
    require(actor, Verb.RESUME, subject_of(run.window))
    if run.status == RunStatus.HELD:
        refuse_unresolved(run)
        if run.turn_back_at and clock() >= run.turn_back_at:
            raise Conflict(f"Turn-back time ({run.turn_back_at:%H:%M:%S} UTC) has passed: roll back.", field="turn_back_at")
    become(run, RunStatus.RUNNING, actor, reason=said(actor, reason, "went on"), now=clock(), kind="run.resumed")
    wake(run)
    return run


@one_transaction
def roll_back(actor: Actor, run_id: int, reason: str, to: int | None = None) -> Run:
    """Undo every touched step, the last one first. A step in flight is interrupted; a stuck rollback is tried again.

    `to` is the position of a checkpoint that was reached: only what came after it is undone, and the run is held there. A rollback
    to a checkpoint that is under way can be made a whole one.
    """
    run = locked(run_id)
    require(actor, Verb.ROLL_BACK, subject_of(run.window))
    why = said(actor, reason)
    if to is not None:
        refuse_no_checkpoint(run, to)
    if run.status == RunStatus.ROLLING_BACK and run.back_to is not None and to is None:
        run.back_to, run.reason = None, why
        Run.objects.filter(pk=run.pk).update(back_to=None, reason=why)
        tell(run, actor, [("run.rollback_widened", {"reason": why})])
    else:
        again(run)
        become(run, RunStatus.ROLLING_BACK, actor, reason=why, now=clock(), back_to=to, data={"back_to": to})
    wake(run)
    return run


def refuse_no_checkpoint(run: Run, position: int) -> None:
    """Conflict where the run cannot end its rollback there."""
    steps = run.steps.filter(is_checkpoint=True, status=StepStatus.SUCCEEDED.value).order_by("position")
    reached = list(steps.values_list("position", flat=True))
    if run.status == RunStatus.STUCK:
        raise Conflict("A stuck rollback is not cut short: retry it, or attest what was undone by hand.", field="status", status=run.status)
    if position not in reached:
        known = ", ".join(map(str, reached)) or "none"
        raise Conflict(f"Step {position} is no checkpoint that was reached. Reached: {known}.", field="to", position=position)


def again(run: Run, position: int | None = None) -> int:
    """Give the failed compensations and proofs of a stuck run their tries back; of one step where named. Answers how many."""
    failed = run.steps.filter(WENT_WRONG)
    steps = list(failed if position is None else failed.filter(position=position))
    if run.status == RunStatus.STUCK:
        for step in steps:
            if step.phase == Phase.PROOF:
                step_become(step, StepStatus.PENDING, outcome="", checkpoint={}, prepared_at=None)
            else:
                step_become(step, StepStatus.COMPENSATING, undo_attempt=0, undo_started_at=None, prompt="")
    return len(steps)


def refuse_unresolved(run: Run) -> None:
    step = run.steps.filter(status__in=UNRESOLVED).order_by("position").first()
    if step is not None:
        ways = "attest it, retry it" if step.status == StepStatus.IN_DOUBT else "retry it"
        raise Conflict(
            f"Step {step.position} “{step.name}” is {spoken(step.status)}: {ways}, skip it or roll back.",
            field="step",
            position=step.position,
        )


def said(actor: Actor, reason: str, otherwise: str = "") -> str:
    """The reason as the run keeps it. People give one; the system always has one."""
    text = " ".join(reason.split())
    if len(text) > 1000:
        raise Invalid("A reason has at most 1000 characters.", field="reason")
    if not text and not otherwise:
        raise Invalid("Say why.", field="reason")
    return f"{actor.name}: {text}" if text else f"{actor.name} {otherwise}"


def wake(run: Run, *, steps_changed: bool = False) -> None:
    """Make the run due now and ring. The owner of a step in flight learns of it by its heartbeat."""
    run.wake_at, run.revision = clock(), run.revision + int(steps_changed)
    Run.objects.filter(pk=run.pk).update(wake_at=run.wake_at, revision=run.revision)
    ring_on_commit("execution.advance_run", run.pk)
