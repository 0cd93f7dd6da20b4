"""What the cockpit draws of a run: the track, the clock bar, the clocks, who holds the flags. Values only; the templates say the words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from windows.execution.queries.gates import GateView
from windows.execution.queries.views import GOING_BACK, RunView, StepView
from windows.execution.states import Phase, RunStatus, StepStatus
from windows.flags.queries import Convergence, NodeStanding, convergence
from windows.scheduling.queries import ScopeView

WIDTH = 288  # of the clock bar, in the units of slots.css
EDGE = 44  # a label so near to an end of the bar stands inside it
NODES, FEW, PLACES = 48, 6, 4  # a page about everything is a page about nothing
FEW_READINGS = 3  # that passed: no line worth drawing
TURNED = (RunStatus.ROLLING_BACK, RunStatus.ROLLED_BACK, RunStatus.STUCK)
MARKS = {
    StepStatus.SUCCEEDED: ("done", "completed"),
    StepStatus.STARTED: ("now-doing", "running"),
    StepStatus.WAITING: ("now-doing", "clock"),
    StepStatus.AWAITING_PERSON: ("asks", "person"),
    StepStatus.FAILED: ("wrong", "close"),
    StepStatus.IN_DOUBT: ("wrong", "warn"),
    StepStatus.COMPENSATION_FAILED: ("wrong", "warn"),
    StepStatus.COMPENSATING: ("now-undoing", "rolledback"),
    StepStatus.COMPENSATED: ("undone", "rolledback"),
    StepStatus.SKIPPED: ("skipped", "skip"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One row of the track. `took` and `undo_took` are of what is over or under way."""

    step: StepView
    look: str
    icon: str  # empty: its number
    took: timedelta | None
    undo_took: timedelta | None
    turned: bool = False  # under way, or the last that was, when the run turned back


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """`first`: what decides now, or decided: of the step under way, and those that do not pass. `beside`: the others that are drawn.
    `over`: of steps that are behind, passed by a reading or two: a line of words each."""

    first: tuple[GateView, ...]
    beside: tuple[GateView, ...]
    over: tuple[GateView, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the clock bar: x and w of slots.css."""

    look: str
    x: int
    w: int


@dataclass(frozen=True, slots=True)
class Label:
    at: datetime
    x: int
    side: str  # from, till or nothing: where its text stands


@dataclass(frozen=True, slots=True)
class Bar:
    """From begin to the window's end, or to now where that is later: what is spent, what is to go, what is kept for rolling back."""

    parts: tuple[Part, ...]
    edge: int
    now: Label | None
    back: Label | None
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Durations rounded to what a person reads. `spare` is negative where the forecast comes after turn-back time."""

    left: timedelta
    elapsed: timedelta | None
    spare: timedelta | None
    is_late: bool
    undo_takes: timedelta | None
    undo_ends: datetime | None
    undo_over: timedelta | None  # how long after the window's end a rollback begun now would end
    held_left: timedelta | None


def coarse(left: timedelta | None) -> timedelta | None:
    """Whole minutes, and steps of five seconds in the last two: a picture that changes each second is never the one before."""
    if left is None:
        return None
    step = 5 if abs(left) < timedelta(minutes=2) else 60
    return timedelta(seconds=int(left.total_seconds() // step) * step)


def rounded(at: datetime | None) -> datetime | None:
    """To the minute, for the same reason."""
    return at.replace(second=0, microsecond=0) if at else None


def marks(run: RunView) -> list[Mark]:
    def took(begun: datetime | None, ended: datetime | None, going_on: bool) -> timedelta | None:
        if begun is None or (ended is None and not going_on):
            return None
        return ended - begun if ended else coarse(run.now - begun)

    begun = [step for step in run.steps if step.intended_at and step.phase == Phase.STEP] if run.status in TURNED else []
    last = max(begun, key=lambda step: step.intended_at or run.created_at, default=None)
    found = []
    for step in run.steps:
        status = StepStatus.SUCCEEDED if step.status == StepStatus.COMPENSATED and not step.undoes else StepStatus(step.status)
        look, icon = MARKS.get(status, ("todo", ""))
        undoing = step.status == StepStatus.COMPENSATING
        found.append(Mark(
            step, look, icon, took(step.intended_at, step.ended_at, step.is_current and not undoing),
            took(step.undo_started_at, step.undo_ended_at, undoing), step is last,
        ))  # fmt: skip
    return found


def gates(run: RunView) -> Gates:
    first, beside, over = list[GateView](), list[GateView](), list[GateView]()
    for gate in run.gates:
        is_here = run.current is not None and gate.position == run.current.position
        if is_here or gate.newest.verdict != "pass":
            first.append(gate)
        elif gate.position is None or (len(gate.points) > FEW_READINGS and not run.is_live):
            beside.append(gate)
        else:
            over.append(gate)
    return Gates(first=tuple(first), beside=tuple(beside), over=tuple(over))


def bar(run: RunView) -> Bar:
    begins = run.started_at or run.created_at
    now = run.ended_at or run.now
    ends = max(run.window_ends_at, now, begins + timedelta(seconds=1))

    def slot(moment: datetime) -> int:
        return max(0, min(WIDTH, round((moment - begins) / (ends - begins) * WIDTH)))

    def part(look: str, since: int, until: int) -> list[Part]:
        return [Part(look, min(since, WIDTH - 1), until - since)] if until > since else []

    def label(at: datetime) -> Label:
        x = slot(at)
        return Label(at, min(x, WIDTH - 1), "from" if x < EDGE else "till" if x > WIDTH - EDGE else "")

    spent, back, over = slot(now), slot(run.turn_back_at or run.window_ends_at), slot(run.window_ends_at)
    parts = part("spent", 0, spent)
    if run.status == RunStatus.ROLLING_BACK and run.undo_takes is not None:
        parts += part("undoing", spent, slot(run.now + run.undo_takes))
    elif run.forecast_end:
        parts += part("todo", spent, slot(run.forecast_end))
    parts += part("reserve", back, over) + part("over", over, spent)
    ahead = run.turn_back_at if run.turn_back_at and EDGE * 2 < back < WIDTH - EDGE else None
    return Bar(tuple(parts), min(spent, WIDTH - 1), label(now) if run.is_live else None, label(ahead) if ahead else None, begins, ends)


def clocks(run: RunView) -> Clocks:
    back = run.turn_back_at or run.window_ends_at
    undo_ends = run.now + run.undo_takes if run.undo_takes is not None else None
    elapsed = None
    if run.started_at:
        elapsed = run.ended_at - run.started_at if run.ended_at else coarse(run.now - run.started_at)
    return Clocks(
        left=coarse(back - run.now) or timedelta(),
        elapsed=elapsed,
        spare=coarse(back - run.forecast_end) if run.forecast_end else None,
        is_late=run.is_live and run.now > back and run.status not in GOING_BACK and run.status != RunStatus.PREFLIGHT,
        undo_takes=coarse(run.undo_takes),
        undo_ends=rounded(undo_ends),
        undo_over=coarse(max(undo_ends - run.window_ends_at, timedelta())) if undo_ends else None,
        held_left=coarse(run.hold_until - run.now) if run.hold_until and run.status == RunStatus.HELD else None,
    )


@dataclass(frozen=True, slots=True)
class Holders:
    """Who applied the flags of one service: the laggards first; where they are many, by names without what all share; how many more
    are not drawn."""

    of: Convergence
    nodes: tuple[tuple[str, NodeStanding], ...]
    more: int


def nodes(scope: Iterable[ScopeView]) -> list[Holders]:
    places = list(dict.fromkeys((row.service, row.environment) for row in scope))[:PLACES]
    return [holders(one) for one in (convergence(*place) for place in places) if one.nodes]


def holders(one: Convergence) -> Holders:
    names = [node.name for node in one.nodes]
    first, last = min(names).split("-"), max(names).split("-")  # what the first and the last share, all share
    same = next((n for n, (here, there) in enumerate(zip(first, last, strict=False)) if here != there), 0)
    shared = "".join(f"{part}-" for part in first[:same]) if len(names) > FEW else ""
    drawn = sorted(one.nodes, key=lambda node: (node.agrees, node.name))[:NODES]
    return Holders(one, tuple((node.name[len(shared) :] or node.name, node) for node in drawn), max(len(names) - NODES, 0))


def became(run: RunView) -> dict[str, list[StepView]]:
    """Of a run that is stuck or ended: which steps stand as done, which are undone, which are in doubt, and which never began."""
    S = StepStatus
    groups: dict[str, list[StepView]] = {"doubtful": list(run.in_doubt), "undone": [], "standing": [], "untouched": []}
    for step in run.steps:
        if step in groups["doubtful"] or step.phase != Phase.STEP:  # what only looks neither stands nor is undone
            continue
        if step.status == S.COMPENSATED:
            groups["undone"].append(step)
        elif step.status in (S.PENDING, S.SKIPPED) and step.attempt == 0:
            groups["untouched"].append(step)
        else:
            groups["standing"].append(step)
    return groups
