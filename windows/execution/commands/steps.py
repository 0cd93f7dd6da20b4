"""Verbs a person has for one step: skip, retry, confirm, attest. The engine finds the step changed and goes on from there."""

from __future__ import annotations

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.errors import Conflict, Invalid, NotFound
from windows.execution.commands.holding import UNRESOLVED, WENT_WRONG, again, said, wake
from windows.execution.commands.transitions import about_step, become, locked, spoken, step_become, tell
from windows.execution.models import Run, StepRun
from windows.execution.states import Phase, RunStatus, StepStatus
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import subject_of

FORWARD = {RunStatus.RUNNING, RunStatus.HELD, RunStatus.VALIDATING}


@one_transaction
def skip(actor: Actor, run_id: int, position: int, reason: str) -> Run:
    """Leave a step out. If an attempt was made it is still undone by a rollback: it may have acted in part."""
    run, step = _asked(actor, Verb.SKIP, run_id, position)
    _while(run, FORWARD, "skip a step")
    if step.phase == Phase.PROOF:
        raise Conflict("A proof of the rollback is not skipped beforehand.", field="position", position=position)
    step_become(step, StepStatus.SKIPPED, outcome=said(actor, reason), prompt="", ended_at=clock())
    tell(run, actor, [("step.skipped", about_step(step, reason=step.outcome))])
    wake(run, steps_changed=True)
    return run


@one_transaction
def retry(actor: Actor, run_id: int, position: int | None = None, reason: str = "") -> Run:
    """Try again what failed: a held run goes on with its failed or doubtful step, a stuck one with its failed compensations."""
    run = locked(run_id)
    require(actor, Verb.RETRY, subject_of(run.window))
    why = said(actor, reason, "tried again")
    if run.status == RunStatus.STUCK:
        if not again(run, position):
            raise NotFound(f"Neither a compensation nor a proof has failed at step {position}.")
        become(run, RunStatus.ROLLING_BACK, actor, reason=why, now=clock())
    else:
        _while(run, {RunStatus.HELD}, "retry")
        failed = run.steps.filter(status__in=UNRESOLVED).order_by("position")
        step = (failed if position is None else failed.filter(position=position)).first()
        if step is None:
            raise Conflict("No step has failed or is in doubt here.", field="step")
        step_become(step, StepStatus.PENDING, outcome="", prompt="")
        if run.steps.filter(status__in=UNRESOLVED).exists():
            tell(run, actor, [("step.retried", about_step(step, reason=why))])
        else:
            become(run, RunStatus.RUNNING, actor, reason=why, now=clock(), kind="run.resumed", data=about_step(step))
    wake(run, steps_changed=True)
    return run


@one_transaction
def confirm(actor: Actor, run_id: int, position: int, note: str = "") -> Run:
    """Tick a step that awaits a person, or the undoing of one."""
    run, step = _asked(actor, Verb.CONFIRM, run_id, position)
    _while(run, {*FORWARD, RunStatus.ROLLING_BACK}, "confirm a step")
    now, outcome = clock(), said(actor, note, "confirmed it")
    if step.status == StepStatus.COMPENSATING and step.prompt:
        step_become(step, StepStatus.COMPENSATED, outcome=outcome, prompt="", undo_ended_at=now)
        tell(run, actor, [("step.compensated", about_step(step, outcome=outcome))])
    else:
        _is(step, StepStatus.AWAITING_PERSON)
        step_become(step, StepStatus.SUCCEEDED, outcome=outcome, prompt="", ended_at=now)
        tell(run, actor, [("step.confirmed", about_step(step, outcome=outcome))])
    wake(run, steps_changed=True)
    return run


@one_transaction
def attest(actor: Actor, run_id: int, position: int, done: bool, reason: str) -> Run:
    """Say what became of a step, by name.

    In doubt: done, or not done (then it is tried again when the run goes on). Awaiting a person: done, or it cannot be done (it
    failed); so too a compensation that asks a person. Its compensation failed: undone by hand (`done`); when the last one is, the
    stuck run is rolled back.
    """
    run, step = _asked(actor, Verb.ATTEST, run_id, position)
    now, outcome = clock(), said(actor, reason)
    if step.status == StepStatus.COMPENSATION_FAILED:
        _while(run, {RunStatus.STUCK}, "attest a failed compensation")
        if not done:
            raise Invalid("It is known that this is not undone: retry the rollback, or undo it by hand and attest that.", field="done")
        step_become(step, StepStatus.COMPENSATED, outcome=outcome, undo_ended_at=now)
    elif step.status == StepStatus.COMPENSATING and step.prompt:
        _while(run, {RunStatus.ROLLING_BACK}, "attest a compensation")
        undone = StepStatus.COMPENSATED if done else StepStatus.COMPENSATION_FAILED
        step_become(step, undone, outcome=outcome, prompt="", undo_ended_at=now)
    elif step.phase == Phase.PROOF and step.status == StepStatus.FAILED:
        _while(run, {RunStatus.STUCK}, "attest a proof")
        if not done:
            raise Invalid("It is known that the proof failed: retry it, or look by hand and attest that all is well.", field="done")
        step_become(step, StepStatus.SKIPPED, outcome=outcome, ended_at=now)
    elif step.status == StepStatus.AWAITING_PERSON:
        _while(run, {*FORWARD, RunStatus.ROLLING_BACK}, "attest a step")
        step_become(step, StepStatus.SUCCEEDED if done else StepStatus.FAILED, outcome=outcome, prompt="", ended_at=now)
    else:
        _is(step, StepStatus.IN_DOUBT)
        _while(run, FORWARD, "attest a step")
        ended = {"ended_at": now} if done else {}
        step_become(step, StepStatus.SUCCEEDED if done else StepStatus.PENDING, outcome=outcome, prompt="", **ended)
    tell(run, actor, [("step.attested", about_step(step, done=done, reason=outcome, status=step.status))])
    if run.status == RunStatus.STUCK and not run.steps.filter(WENT_WRONG).exists():
        is_open = run.back_to is not None or run.steps.filter(phase=Phase.PROOF.value, status=StepStatus.PENDING.value).exists()
        onward = RunStatus.ROLLING_BACK if is_open else RunStatus.ROLLED_BACK
        become(run, onward, actor, reason="What could not be undone by itself was undone by hand.", now=now)
    if run.status != RunStatus.ROLLED_BACK:
        wake(run, steps_changed=True)
    return run


def _asked(actor: Actor, verb: Verb, run_id: int, position: int) -> tuple[Run, StepRun]:
    run = locked(run_id)
    require(actor, verb, subject_of(run.window))
    step = run.steps.filter(position=position).first()
    if step is None:
        raise NotFound(f"There is no step {position} in this run.")
    return run, step


def _while(run: Run, states: set[RunStatus], act: str) -> None:
    if run.status not in states:
        detail = f"One cannot {act} while run {run.number} of {run.window.reference} is {spoken(run.status)}."
        raise Conflict(detail, field="status", status=run.status)


def _is(step: StepRun, status: StepStatus) -> None:
    if step.status != status:
        raise Conflict(f"Step {step.position} is {spoken(step.status)}, not {spoken(status)}.", field="status", status=step.status)
