"""What a viewer may do with a run and with a step of it, now: the role table and the state must both allow it."""

from __future__ import annotations

from windows.access.roles import Actor, Subject, Verb, permitted
from windows.execution.models import Run, StepRun
from windows.execution.states import Phase, RunStatus, StepStatus, run_may_become

R, S = RunStatus, StepStatus


def verbs_over(run: Run, subject: Subject, viewer: Actor) -> tuple[str, ...]:
    leads = {Verb.HOLD: R.HELD, Verb.RESUME: R.RUNNING, Verb.ROLL_BACK: R.ROLLING_BACK, Verb.ABORT: R.ABORTED}
    fitting = {verb for verb, status in leads.items() if run_may_become(run.status, status.value)}
    if run.status == R.ROLLING_BACK and run.back_to is not None:
        fitting.add(Verb.ROLL_BACK)  # the whole way, after all
    if run.status == R.ROLLING_BACK:
        fitting.discard(Verb.HOLD)  # it holds by itself, at its checkpoint
    if run.status != R.HELD:
        fitting.discard(Verb.RESUME)
    if run.status in {R.HELD, R.STUCK}:
        fitting.add(Verb.RETRY)
    return tuple(sorted(verb.value for verb in fitting if permitted(viewer, verb, subject)))


BACK = "back"  # roll back to this step, a checkpoint


def verbs_for(run: Run, step: StepRun, subject: Subject, viewer: Actor) -> tuple[str, ...]:
    fitting: set[Verb] = set()
    if step.phase == Phase.PROOF:
        if run.status == R.STUCK and step.status == S.FAILED:
            fitting |= {Verb.RETRY, Verb.ATTEST}
        elif run.status == R.ROLLING_BACK and step.status == S.AWAITING_PERSON:
            fitting |= {Verb.CONFIRM, Verb.ATTEST}
    elif run.status in {R.RUNNING, R.HELD, R.VALIDATING}:
        if step.status in {S.PENDING, S.WAITING, S.AWAITING_PERSON, S.FAILED, S.IN_DOUBT}:
            fitting.add(Verb.SKIP)
        if step.status == S.AWAITING_PERSON:
            fitting |= {Verb.CONFIRM, Verb.ATTEST}
        if step.status == S.IN_DOUBT:
            fitting.add(Verb.ATTEST)
    if run.status == R.HELD and step.status in {S.FAILED, S.IN_DOUBT}:
        fitting.add(Verb.RETRY)
    if run.status == R.ROLLING_BACK and step.status == S.COMPENSATING and step.prompt:
        fitting |= {Verb.CONFIRM, Verb.ATTEST}
    if run.status == R.STUCK and step.status == S.COMPENSATION_FAILED:
        fitting |= {Verb.RETRY, Verb.ATTEST}
    is_end = step.is_checkpoint and step.status == S.SUCCEEDED and run.status in {R.RUNNING, R.HELD, R.VALIDATING}
    back = [BACK] if is_end and permitted(viewer, Verb.ROLL_BACK, subject) else []
    return tuple(sorted([*back, *(verb.value for verb in fitting if permitted(viewer, verb, subject))]))
