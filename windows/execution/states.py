"""The lives of a run and of a step run (SPEC §2): the names, and one transition table each. Pure."""

from enum import StrEnum


class RunStatus(StrEnum):
    PREFLIGHT = "preflight"
    BLOCKED = "blocked"
    RUNNING = "running"
    HELD = "held"
    VALIDATING = "validating"
    SUCCEEDED = "succeeded"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    STUCK = "stuck"
    ABORTED = "aborted"


class StepStatus(StrEnum):
    PENDING = "pending"
    STARTED = "started"  # intent recorded, outcome unknown
    WAITING = "waiting"  # will be looked at again at wake_at
    AWAITING_PERSON = "awaiting_person"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    IN_DOUBT = "in_doubt"  # its worker died and it may not be repeated: a person says what became of it
    COMPENSATING = "compensating"
    COMPENSATED = "compensated"
    COMPENSATION_FAILED = "compensation_failed"


class SurfaceStatus(StrEnum):
    WANTED = "wanted"  # asked for, not seen in place yet
    IN_PLACE = "in_place"
    DRIFTED = "drifted"  # what is observed is not what is desired
    ACCEPTED = "accepted"  # a person said, with a reason, that this deviation may stay
    ENDING = "ending"  # nobody wants it any more, and it is not known to be gone yet
    ENDED = "ended"  # let go; nobody looks any more


class Phase(StrEnum):
    STEP = "step"
    VALIDATION = "validation"
    PROOF = "proof"  # a validation step done once more after everything was undone


R = RunStatus
RUN_TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    R.PREFLIGHT: frozenset({
        R.RUNNING,  # every check passed (or was overridden by name): the window becomes running with it
        R.BLOCKED,  # a check failed or could not be answered: the window stays approved
    }),
    R.RUNNING: frozenset({
        R.HELD,  # a person, a gate, a freeze or a step in doubt stops it at a boundary
        R.VALIDATING,  # every step is done
        R.ROLLING_BACK,  # a step failed, a gate broke, turn-back time came, or a person said so
        R.ABORTED,  # two people stop it and compensate nothing
    }),
    R.HELD: frozenset({R.RUNNING, R.ROLLING_BACK, R.ABORTED}),  # resume; roll back or its hold ran out; abort
    R.VALIDATING: frozenset({
        R.SUCCEEDED,  # smoke tests and SLO checks passed
        R.HELD,  # one did not: a person decides before the hold runs out
        R.ROLLING_BACK,  # a person, a watch gate or turn-back time
    }),
    R.ROLLING_BACK: frozenset({
        R.ROLLED_BACK,  # everything touched is compensated, and what was to be proved is proved
        R.STUCK,  # a compensation, or a proof, failed for good
        R.HELD,  # back at the checkpoint it was to go back to: a person decides how it goes on
    }),
    R.STUCK: frozenset({
        R.ROLLING_BACK,  # retry
        R.ROLLED_BACK,  # a person attested each step in doubt
        R.ABORTED,  # two people leave it as it is
    }),
    R.BLOCKED: frozenset(),
    R.SUCCEEDED: frozenset(),
    R.ROLLED_BACK: frozenset(),
    R.ABORTED: frozenset(),
}  # fmt: skip
RUN_FINAL = frozenset(state for state, onward in RUN_TRANSITIONS.items() if not onward)
RUN_LIVE = frozenset(RunStatus) - RUN_FINAL

S = StepStatus
STEP_TRANSITIONS: dict[StepStatus, frozenset[StepStatus]] = {
    S.PENDING: frozenset({
        S.STARTED,
        S.SKIPPED,
        S.COMPENSATING,  # interrupted, or to be tried again: an earlier attempt may have acted in part
    }),
    S.STARTED: frozenset({
        S.STARTED,  # its worker died and it is repeatable: the next attempt
        S.WAITING,
        S.AWAITING_PERSON,
        S.SUCCEEDED,
        S.FAILED,
        S.IN_DOUBT,  # its worker died and it is not repeatable
        S.PENDING,  # interrupted: the next attempt goes on from its checkpoint
        S.COMPENSATING,  # rolled back while its outcome is unknown
    }),
    S.WAITING: frozenset({S.STARTED, S.SKIPPED, S.FAILED, S.COMPENSATING}),  # FAILED: its time ran out
    S.AWAITING_PERSON: frozenset({S.SUCCEEDED, S.FAILED, S.SKIPPED, S.COMPENSATING}),
    S.SUCCEEDED: frozenset({
        S.COMPENSATING,
        S.PENDING,  # behind the checkpoint the run went back to, with nothing to undo: done again
    }),
    S.FAILED: frozenset({S.PENDING, S.SKIPPED, S.COMPENSATING}),  # a person retries or skips; or it is undone: it may have acted in part
    S.SKIPPED: frozenset({S.COMPENSATING}),  # skipped after an attempt: it may have acted in part
    S.IN_DOUBT: frozenset({S.PENDING, S.SUCCEEDED, S.SKIPPED, S.COMPENSATING}),  # attested not done, so tried again; attested done; skipped
    S.COMPENSATING: frozenset({S.COMPENSATING, S.COMPENSATED, S.COMPENSATION_FAILED}),
    S.COMPENSATED: frozenset({S.PENDING}),  # behind the checkpoint the run went back to: to be done anew
    S.COMPENSATION_FAILED: frozenset({S.COMPENSATING, S.COMPENSATED}),  # retried, or attested by a person
}  # fmt: skip

F = SurfaceStatus
SURFACE_TRANSITIONS: dict[SurfaceStatus, frozenset[SurfaceStatus]] = {
    F.WANTED: frozenset({F.IN_PLACE, F.DRIFTED, F.ENDING, F.ENDED}),
    F.IN_PLACE: frozenset({F.DRIFTED, F.WANTED, F.ENDING, F.ENDED}),  # WANTED: a later step wants something else of it
    F.DRIFTED: frozenset({F.IN_PLACE, F.ACCEPTED, F.WANTED, F.ENDING, F.ENDED}),  # mended, by us or by whoever took it away
    F.ACCEPTED: frozenset({F.IN_PLACE, F.DRIFTED, F.WANTED, F.ENDING, F.ENDED}),  # DRIFTED: it deviates further than was accepted
    F.ENDING: frozenset({F.WANTED, F.ENDED}),  # WANTED: a step is tried again
    F.ENDED: frozenset({F.WANTED}),  # a step is tried again
}


def surface_may_become(state: str, then: str) -> bool:
    """Whether the surface's table has the edge; both are values of SurfaceStatus."""
    return SurfaceStatus(then) in SURFACE_TRANSITIONS[SurfaceStatus(state)]


def run_may_become(state: str, then: str) -> bool:
    """Whether the run's table has the edge; both are values of RunStatus."""
    return RunStatus(then) in RUN_TRANSITIONS[RunStatus(state)]


def step_may_become(state: str, then: str) -> bool:
    """Whether the step run's table has the edge; both are values of StepStatus."""
    return StepStatus(then) in STEP_TRANSITIONS[StepStatus(state)]
