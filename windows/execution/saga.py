"""What next? One pure function of a run's state and the clock: same inputs, same answer. It knows no database and no Celery.

A step is *touched* once an attempt was made, whatever came of it: a rollback compensates every touched step, the last one first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from windows.execution.states import Phase, RunStatus, StepStatus

R, S = RunStatus, StepStatus
PASSED = frozenset({S.SUCCEEDED, S.SKIPPED})
UNDO_ATTEMPTS = 3  # a compensation is tried at least so often: giving up leaves a system half changed
# Workers die for reasons of their own, so a death is not held against a step's tries at once; but what kills each worker that
# touches it must end. So often it is taken over beyond its tries.
TAKEOVERS = 3


@dataclass(frozen=True, slots=True)
class Step:
    position: int
    status: str
    phase: str = Phase.STEP
    name: str = ""
    attempt: int = 0  # the number of the current try; 0 = never touched
    is_repeatable: bool = True
    has_undo: bool = True  # False: its runbook said why there is nothing to undo
    is_asking: bool = False  # its compensation waits for a person
    is_undoing: bool = False  # its compensation was begun, outcome unknown
    undo_attempt: int = 0
    max_attempts: int = 1
    wake_at: datetime | None = None
    deadline: datetime | None = None  # when the current try's time is up; it does not move while an action waits
    outcome: str = ""

    @property
    def touched(self) -> bool:
        return self.attempt > 0 or self.status not in {S.PENDING, S.SKIPPED}

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


Decision = RunPreflight | Execute | Compensate | Expire | Doubt | GiveUp | Sleep | Become


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
            return Become(R.ROLLING_BACK, f"{current.called} failed: {current.outcome}".rstrip(": "))
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


def _backward(run: Run, now: datetime) -> Decision:
    """The last touched step first; one that cannot be undone does not keep the ones before it from being undone."""
    failed = []
    for step in reversed(run.steps):
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
        return Become(R.STUCK, f"Could not undo {names}. Everything else that was touched is undone.", asks=True)
    return Become(R.ROLLED_BACK, "Every touched step is undone.")
