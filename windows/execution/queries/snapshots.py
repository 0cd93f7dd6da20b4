"""A run's rows as the plain values that saga.decide judges."""

from __future__ import annotations

from collections.abc import Iterable

from windows.execution.models import Run, StepRun
from windows.execution.saga import FreezeMet, Step
from windows.execution.saga import Run as RunState
from windows.execution.states import StepStatus


def state_of(run: Run, steps: Iterable[StepRun], *, owned: bool = False, freeze: FreezeMet | None = None) -> RunState:
    """The run as decide() sees it. `owned`: the asker holds the lease."""
    return RunState(
        status=run.status,
        steps=tuple(step_of(step) for step in steps),
        turn_back_at=run.turn_back_at or run.window_ends_at,
        window_ends_at=run.window_ends_at,
        owned=owned,
        lease_until=run.lease_until,
        overrun_policy=run.overrun_policy,
        hold_until=run.hold_until,
        hold_action=run.hold_action,
        freeze=freeze,
        back_to=run.back_to,
    )


def is_undoing(step: StepRun) -> bool:
    """Whether its compensation was begun and neither waits, nor asks, nor has been concluded."""
    return step.status == StepStatus.COMPENSATING and step.undo_started_at is not None and step.wake_at is None and not step.prompt


def step_of(step: StepRun) -> Step:
    return Step(
        position=step.position,
        status=step.status,
        phase=step.phase,
        name=step.name,
        attempt=step.attempt,
        is_repeatable=step.is_repeatable,
        has_undo=step.undo is not None,
        no_undo_reason=step.no_undo_reason,
        is_asking=step.status == StepStatus.COMPENSATING and bool(step.prompt),
        is_undoing=is_undoing(step),
        undo_attempt=step.undo_attempt,
        max_attempts=step.max_attempts,
        wake_at=step.wake_at,
        deadline=step.intended_at + step.timeout if step.intended_at else None,
        outcome=step.outcome,
        is_checkpoint=step.is_checkpoint,
        on_fail=step.on_fail,
    )
