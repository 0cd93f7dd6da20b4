"""What a turn answers, and what a worker remembers between two turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from windows.execution.intent import Intent
from windows.execution.models import Run, StepRun
from windows.scheduling.models import Window

GRACE = timedelta(seconds=2)  # how much later than its deadline an act may still come back by itself


@dataclass(frozen=True, slots=True)
class Preflight:
    """The checks are to be asked."""

    run: Run


@dataclass(frozen=True, slots=True)
class Act:
    """The intent is committed: do it."""

    run: Run
    step: StepRun
    intent: Intent


@dataclass(slots=True)
class Ownership:
    """What one worker knows of the run it owns. `fence` is None until a turn took the run and committed."""

    run_id: int
    fence: int | None = None
    revision: int = -1
    window: Window | None = None
    steps: dict[int, StepRun] = field(default_factory=dict)
    shown: str = ""  # the step the live rows name
    sleeps_until: datetime | None = None
    now: datetime | None = None
    leased: float = 0.0  # by the monotonic clock: until then nobody else can have taken the run


def timed_out(step: StepRun) -> str:
    return f"timed out after {step.timeout.total_seconds():g} s"


def with_readings(reason: str, readings: list[dict[str, Any]]) -> str:
    """What on-call is asked, with the last ten measurements."""
    lines = [
        f"  {r.get('at', '')}  {r.get('value')}  {r.get('verdict', r.get('answer', ''))}  {r.get('reason', '')}" for r in readings[-10:]
    ]
    return "\n".join([reason, *lines])
