"""Verb: leave the trace of a run that ended, beside those of the services it touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from windows.audit.going_on import going_on
from windows.execution.models import Run, StepRun
from windows.execution.queries.tags import tags_of
from windows.execution.spans import Act, spans_of
from windows.execution.states import RunStatus
from windows.signals.commands.keeping import keep_own


def leave_trace(run: Run, now: datetime) -> None:
    """Inside the transaction that ends the run. What goes wrong here is logged: no run fails by its telemetry."""
    with going_on("leave a trace", run=run.pk):
        acts = [act for step in run.steps.order_by("position") for act in acts_of(run, step)]
        wrong = "" if run.status == RunStatus.SUCCEEDED else run.reason or run.status
        called = f"{run.called} of {run.window.reference}"
        began_at = run.started_at or run.created_at
        keep_own(
            spans_of(
                run.pk, called, acts, window=run.window.reference, began_at=began_at, ended_at=now, wrong=wrong, tags=tags_of(run, None)
            )
        )


def acts_of(run: Run, step: StepRun) -> Iterator[Act]:
    again = f":{step.round}" if step.round > 1 else ""
    facts = (step.position, step.name, step.kind, step.status, step.outcome)
    if step.intended_at:
        end = step.ended_at or step.undo_started_at
        yield Act(f"{run.pk}:{step.position}:forward{again}", *facts, step.attempt, step.intended_at, end, False)
    if step.undo_started_at:
        key = f"{run.pk}:{step.position}:undo{again}"
        yield Act(key, *facts, step.undo_attempt, step.undo_started_at, step.undo_ended_at, True)
