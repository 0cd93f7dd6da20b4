"""The life of a maintenance window (SPEC §2). Upcoming, in progress and overdue are phases of the clock, never stored."""

from enum import StrEnum


class WindowStatus(StrEnum):
    DRAFT = "draft"
    REQUESTED = "requested"
    APPROVED = "approved"
    RUNNING = "running"
    COMPLETED = "completed"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Mode(StrEnum):
    """What users get meanwhile; declared from the mildest to the strictest."""

    NORMAL = "normal"
    DEGRADED = "degraded"
    THROTTLED = "throttled"
    REROUTED = "rerouted"
    READ_ONLY = "read_only"
    OFFLINE = "offline"


class ChangeType(StrEnum):
    STANDARD = "standard"  # pre-authorised
    NORMAL = "normal"
    EMERGENCY = "emergency"


W = WindowStatus
TRANSITIONS: dict[WindowStatus, frozenset[WindowStatus]] = {
    W.DRAFT: frozenset({
        W.REQUESTED,  # its owner asks for approval
        W.RUNNING,  # an emergency, by right
    }),
    W.REQUESTED: frozenset({
        W.APPROVED,  # the policy's quorum signed
        W.REJECTED,  # one approver said no
        W.DRAFT,  # withdrawn
        W.EXPIRED,  # nobody decided before the latest start
        W.CANCELLED,
    }),
    W.APPROVED: frozenset({
        W.REQUESTED,  # an approval lapsed: what was approved changed
        W.RUNNING,  # its run left preflight
        W.EXPIRED,  # never started before the latest start
        W.CANCELLED,
    }),
    W.RUNNING: frozenset({
        W.COMPLETED,  # the run succeeded
        W.ROLLED_BACK,  # the run rolled back
        W.FAILED,  # the run was aborted
    }),
    W.COMPLETED: frozenset(),
    W.ROLLED_BACK: frozenset(),
    W.FAILED: frozenset(),
    W.REJECTED: frozenset(),
    W.EXPIRED: frozenset(),
    W.CANCELLED: frozenset(),
}  # fmt: skip

HOLDS_SLOT = frozenset({W.REQUESTED, W.APPROVED, W.RUNNING})
FINAL = frozenset(state for state, onward in TRANSITIONS.items() if not onward)


def may_become(state: str, then: str) -> bool:
    """Whether the table has the edge; both are values of WindowStatus."""
    return WindowStatus(then) in TRANSITIONS[WindowStatus(state)]
