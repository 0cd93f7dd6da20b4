"""What an outcome makes of its step: one table for the way forward, one for the way back. No run status is touched here."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from windows.actions.outcomes import AwaitHuman, Done, Failed, Interrupted, Outcome, Undecided, Wait
from windows.execution.commands.transitions import about_step, step_become
from windows.execution.intent import Intent
from windows.execution.models import StepRun
from windows.execution.queries.snapshots import step_of
from windows.execution.reserve import backoff
from windows.execution.states import Phase, StepStatus

WAITS = {"step.waiting", "step.compensation_waiting"}
Entry = tuple[str, dict[str, Any]]


def write(step: StepRun, intent: Intent, outcome: Outcome, now: datetime) -> Entry | None:
    """Write the outcome into the step's row; the entry for the trail, or None where there is nothing to tell.

    That is so when the row has moved on since the intent (the reply to an earlier commit of the same outcome was lost, or a person
    decided meanwhile), and when it waits for what it waited for before: a look each second is no news.
    """
    expected = StepStatus.STARTED if intent.direction == "forward" else StepStatus.COMPENSATING
    tries = step.attempt if intent.direction == "forward" else step.undo_attempt
    if step.status != expected or tries != intent.attempt:
        return None
    before = step.outcome
    entry = forward(step, outcome, now) if intent.direction == "forward" else backward(step, outcome, now)
    return None if entry[0] in WAITS and step.outcome == before else entry


def forward(step: StepRun, outcome: Outcome, now: datetime) -> Entry:
    kept = keep(step, outcome)
    match outcome:
        case Done(note):
            step_become(step, StepStatus.SUCCEEDED, outcome=note, ended_at=now, **kept)
            return "step.succeeded", about_step(step, outcome=note, seconds=seconds(step.intended_at, now))
        case Wait(until, _, note):
            step_become(step, StepStatus.WAITING, outcome=note or "It waits.", wake_at=max(until, now), **kept)
            return "step.waiting", about_step(step, outcome=step.outcome, until=step.wake_at.isoformat() if step.wake_at else None)
        case AwaitHuman(prompt):
            step_become(step, StepStatus.AWAITING_PERSON, prompt=prompt, outcome=prompt)
            return "step.asked", about_step(step, prompt=prompt)
        case Interrupted(_, note):
            step_become(step, StepStatus.PENDING, outcome=note or "It was interrupted.", **kept)
            return "step.interrupted", about_step(step, outcome=step.outcome)
        case Undecided(reason) if step.phase == Phase.PROOF:  # what is not shown to be well is not well
            step_become(step, StepStatus.FAILED, outcome=f"cannot be decided: {reason}", prompt="", ended_at=now, **kept)
            return "step.failed", about_step(step, reason=step.outcome, permanent=False)
        case Undecided(reason, readings):
            step_become(step, StepStatus.PENDING, outcome=reason, **kept)
            return "step.undecided", about_step(step, reason=reason, readings=list(readings), otherwise=outcome.otherwise)
        case Failed(reason, permanent):
            if not permanent and step.is_repeatable and step.attempt < step.max_attempts:
                rest = backoff(step.backoff, step.attempt, random.random())  # noqa: S311 - jitter, not a secret
                facts = about_step(step, reason=reason, retry_in=round(rest.total_seconds(), 3), of=step.max_attempts)
                again = {"attempt": step.attempt + 1, "intended_at": None, "prompt": ""}
                step_become(step, StepStatus.WAITING, outcome=reason, wake_at=now + rest, **again, **kept)
                return "step.attempt_failed", facts
            step_become(step, StepStatus.FAILED, outcome=reason, prompt="", ended_at=now, **kept)
            return "step.failed", about_step(step, reason=reason, permanent=permanent)
    raise TypeError(f"{outcome!r} is no outcome")


def backward(step: StepRun, outcome: Outcome, now: datetime) -> Entry:
    kept = keep(step, outcome)
    if isinstance(outcome, Wait) and step.undo_started_at and now >= step.undo_started_at + step.timeout:
        outcome = Failed(f"timed out after {step.timeout.total_seconds():g} s")
    match outcome:
        case Done(note):
            step_become(step, StepStatus.COMPENSATED, outcome=note, prompt="", undo_ended_at=now, **kept)
            return "step.compensated", about_step(step, outcome=note, seconds=seconds(step.undo_started_at, now))
        case Wait(until, _, note):
            step_become(step, StepStatus.COMPENSATING, outcome=note or "It waits.", wake_at=max(until, now), **kept)
            return "step.compensation_waiting", about_step(step, outcome=step.outcome)
        case AwaitHuman(prompt):
            step_become(step, StepStatus.COMPENSATING, prompt=prompt, outcome=prompt)
            return "step.compensation_asked", about_step(step, prompt=prompt)
        case Interrupted(_, note):
            step_become(step, StepStatus.COMPENSATING, outcome=note or "It was interrupted.", wake_at=now, **kept)
            return "step.compensation_interrupted", about_step(step, outcome=step.outcome)
        case Failed(reason) | Undecided(reason):
            permanent = isinstance(outcome, Failed) and outcome.permanent
            tries = step_of(step).undo_tries
            if not permanent and step.undo_attempt < tries:
                rest = backoff(step.backoff, step.undo_attempt, random.random())  # noqa: S311
                facts = about_step(step, reason=reason, undo_attempt=step.undo_attempt, of=tries, retry_in=round(rest.total_seconds(), 3))
                again = {"undo_attempt": step.undo_attempt + 1, "undo_started_at": None}
                step_become(step, StepStatus.COMPENSATING, outcome=reason, wake_at=now + rest, **again, **kept)
                return "step.compensation_attempt_failed", facts
            step_become(step, StepStatus.COMPENSATION_FAILED, outcome=reason, undo_ended_at=now, **kept)
            return "step.compensation_failed", about_step(step, reason=reason, undo_attempt=step.undo_attempt)
    raise TypeError(f"{outcome!r} is no outcome")


def keep(step: StepRun, outcome: Outcome) -> dict[str, Any]:
    """The checkpoint's column, where the outcome brings one: it adds to what prepare() and earlier calls left."""
    brought = getattr(outcome, "checkpoint", None)
    return {} if brought is None else {"checkpoint": {**step.checkpoint, **brought}}


def seconds(since: datetime | None, now: datetime) -> float | None:
    return round((now - since).total_seconds(), 3) if since else None


FRESH: dict[str, Any] = {
    "attempt": 0, "undo_attempt": 0, "checkpoint": {}, "prompt": "", "outcome": "", "intended_at": None, "ended_at": None,
    "undo_started_at": None, "undo_ended_at": None, "prepared_at": None,
}  # fmt: skip


def may_be_done_anew(step: StepRun) -> bool:
    """Behind the checkpoint a run went back to: what was undone, what only looked, and what had nothing to undo and may be repeated."""
    if step.status == StepStatus.COMPENSATED:
        return True
    is_free = step.phase == Phase.VALIDATION or (step.undo is None and step.is_repeatable)
    return is_free and step.status in {StepStatus.SUCCEEDED, StepStatus.FAILED}
