"""The values that saga.decide judges, and those it answers with. Pure.

A step is *touched* once an attempt was made, whatever came of it: a rollback compensates every touched step, the last one first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from windows.execution.states import Phase, RunStatus, StepStatus

S = StepStatus
UNDO_ATTEMPTS = 3  # a compensation is tried at least so often: giving up leaves a system half changed


@dataclass(frozen=True, slots=True)
class Step:
    position: int
    status: str
    phase: str = Phase.STEP
    name: str = ""
    attempt: int = 0  # the number of the current try; 0 = never touched
    is_repeatable: bool = True
    has_undo: bool = True
    no_undo_reason: str = ""  # why its runbook gives it no undo
    is_asking: bool = False  # its compensation waits for a person
    is_undoing: bool = False  # its compensation was begun, outcome unknown
    undo_attempt: int = 0
    max_attempts: int = 1
    wake_at: datetime | None = None
    deadline: datetime | None = None  # when the current try's time is up; it does not move while an action waits
    outcome: str = ""
    is_checkpoint: bool = False  # a rollback may end here, once it has succeeded
    on_fail: str = "roll_back"  # or checkpoint: only to the last one before it

    @property
    def touched(self) -> bool:
        return self.attempt > 0 or self.status not in {S.PENDING, S.SKIPPED}

    @property
    def stands(self) -> bool:
        """Whether it stays as it is when the run is rolled back: it was touched, and its runbook gives it no undo and says why."""
        return self.phase == Phase.STEP and self.touched and not self.has_undo and bool(self.no_undo_reason)

    @property
    def undo_tries(self) -> int:
        return max(UNDO_ATTEMPTS, self.max_attempts)

    @property
    def called(self) -> str:
        return f"Step {self.position} “{self.name}”" if self.name else f"Step {self.position}"


@dataclass(frozen=True, slots=True)
class FreezeMet:
    """A change freeze in force over the run's scope that began, or was made, after the run did and has not been met yet."""

    id: int
    title: str
    policy: str  # finish_step, hold, roll_back (continue never gets here: it is only noted)


@dataclass(frozen=True, slots=True)
class Run:
    """`owned` says whether the asker holds the lease: then a `started` step is an intent that was not acted on yet."""

    status: str
    steps: tuple[Step, ...]
    turn_back_at: datetime
    window_ends_at: datetime
    owned: bool = False
    lease_until: datetime | None = None
    overrun_policy: str = "roll_back"  # or hold: until the window's end, then roll back
    hold_until: datetime | None = None
    hold_action: str = ""  # roll_back or resume, when hold_until passes
    freeze: FreezeMet | None = None
    back_to: int | None = None  # a rollback ends at this checkpoint; None: it undoes everything


@dataclass(frozen=True, slots=True)
class RunPreflight:
    """Ask every check, outside any transaction."""


@dataclass(frozen=True, slots=True)
class Execute:
    position: int


@dataclass(frozen=True, slots=True)
class Compensate:
    position: int


@dataclass(frozen=True, slots=True)
class Expire:
    """A step that waits, for a time or a person, and whose time is up: it failed (timed out)."""

    position: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """A step whose worker died and that may not be repeated: in doubt, and a person is asked."""

    position: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A step, or its compensation, whose workers died time and again: it failed for good."""

    position: int


@dataclass(frozen=True, slots=True)
class Sleep:
    """Nothing to do before `until`; None: until somebody acts."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Become:
    status: RunStatus
    reason: str
    hold_until: datetime | None = None
    hold_action: str = ""
    asks: bool = False  # on-call is asked to decide
    met: FreezeMet | None = field(default=None, kw_only=True)
    back_to: int | None = field(default=None, kw_only=True)  # of a rollback: the checkpoint it ends at


Decision = RunPreflight | Execute | Compensate | Expire | Doubt | GiveUp | Sleep | Become
