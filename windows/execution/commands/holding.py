"""Verbs: hold a run at a step boundary, let it go on, roll it back."""

from __future__ import annotations

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.delivery.bell import ring_on_commit
from windows.errors import Conflict, Invalid
from windows.execution.commands.transitions import become, locked, spoken, step_become
from windows.execution.models import Run
from windows.execution.states import RunStatus, StepStatus
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import subject_of

UNRESOLVED = [StepStatus.IN_DOUBT.value, StepStatus.FAILED.value]


@one_transaction
def hold(actor: Actor, run_id: int, reason: str) -> Run:
    """Stop at the next step boundary; a step that can be interrupted is. Its clock runs on: at turn-back time the policy acts."""
    run = locked(run_id)
    require(actor, Verb.HOLD, subject_of(run.window))
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
def roll_back(actor: Actor, run_id: int, reason: str) -> Run:
    """Undo every touched step, the last one first. A step in flight is interrupted; a stuck rollback is tried again."""
    run = locked(run_id)
    require(actor, Verb.ROLL_BACK, subject_of(run.window))
    again(run)
    become(run, RunStatus.ROLLING_BACK, actor, reason=said(actor, reason), now=clock())
    wake(run)
    return run


def again(run: Run, position: int | None = None) -> int:
    """Give the failed compensations of a stuck run their tries back; of one step where named. Answers how many."""
    failed = run.steps.filter(status=StepStatus.COMPENSATION_FAILED.value)
    steps = list(failed if position is None else failed.filter(position=position))
    if run.status == RunStatus.STUCK:
        for step in steps:
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
