"""The measures exactly as SPEC §22 has them. Pure: runs that ended in, figures out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Counts = tuple[float, float] | None  # part and whole; None: not known, or it does not count here


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One run that ended and what is known of it; None is not known. Shares of budgets count the whole budget as 1.

    `due_at` and `planned` are the end and the length first approved (where nobody approved: those it set out with). `tried` are
    automated steps, `alone` those of them that succeeded without a person. `bad`, `events` are counted inside scope and window,
    `usual_bad`, `usual_events` in the same hours of the four weeks before; `tagged` of `expected_tags`, of
    critical objectives, carry the window's name.
    `worst` are the bad events of the objective that saw most of them.
    `team` is a slug. `charged` is what the window took of budgets beyond what was agreed.
    """

    run_id: int
    reference: str
    title: str
    status: str
    started_at: datetime
    ended_at: datetime
    due_at: datetime
    planned: timedelta
    team: str = ""
    is_manual: bool = False  # no runbook
    went_back: bool = False
    is_rehearsal: bool = False
    tried: int = 0
    alone: int = 0
    expected_users: int | None = None
    active_users: int | None = None
    worst: int | None = None
    bad: int | None = None
    events: int | None = None
    usual_bad: int | None = None
    usual_events: int | None = None
    tagged: int | None = None
    expected_tags: int | None = None
    charged: float | None = None
    incidents: int | None = None
    complaints: int | None = None

    @property
    def users(self) -> int | None:
        """At most so many users were touched: each bad event is one user at most, and no more than the active ones. None: not measured."""
        return None if self.worst is None or self.active_users is None else min(self.worst, self.active_users)

    @property
    def is_on_time(self) -> bool:
        return self.ended_at <= self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`adds_up`: the value is the sum of the parts, not part ÷ whole. `holds` judges a value; None: its trend is watched."""

    id: str  # M1 … M10
    title: str
    definition: str
    unit: Literal["%", "×", "a window"]
    target: str
    counts: Callable[[Ended], Counts]
    holds: Callable[[float], bool] | None = None
    goal: float | None = None  # where the target is a line that can be drawn
    adds_up: bool = False
    lacking: str = "Nothing has ended in this time."  # what is said where it is not known


@dataclass(frozen=True, slots=True)
class Value:
    """What a measure comes to. `known` of `all` runs counted; `value` is None where none did."""

    part: float
    whole: float
    known: int
    all: int
    value: float | None

    def verdict(self, measure: Measure) -> str:
        """pass, fail or inconclusive, which is also said where only the trend is watched."""
        if self.value is None or measure.holds is None:
            return "inconclusive"
        return "pass" if measure.holds(self.value) else "fail"


def share(part: int | None, whole: int | None) -> Counts:
    return None if part is None or not whole else (float(part), float(whole))


def each(number: int | None) -> Counts:
    return None if number is None else (float(number), 1.0)


def against_plan(run: Ended) -> Counts:
    return (max(0.0, (run.ended_at - run.started_at) / run.planned), 1.0) if run.planned > timedelta() else None


MEASURES: Mapping[str, Measure] = {one.id: one for one in (
    Measure(
        id="M1", title="Windows on time", unit="%", target="at least 95 %", goal=0.95, holds=lambda value: value >= 0.95,
        definition="Runs that ended, in whatever way, at or before the end first approved ÷ windows that ran; by the database clock.",
        counts=lambda run: None if run.is_rehearsal else (float(run.is_on_time), 1.0),
    ),
    Measure(
        id="M2", title="Error rate in windows", unit="%", target="watch the trend",
        definition="Bad ÷ all events inside scope and window, beside the same hours of the four weeks before.",
        counts=lambda run: share(run.bad, run.events), lacking="No event was measured inside a window.",
    ),
    Measure(
        id="M3", title="Runs rolled back", unit="%", target="below 5 %", goal=0.05, holds=lambda value: value < 0.05,
        definition="Runs with a rollback ÷ runs that ended and were no rehearsal.",
        counts=lambda run: None if run.is_rehearsal else (float(run.went_back), 1.0),
    ),
    Measure(
        id="M4", title="Time taken against plan", unit="×", target="at most 1", goal=1, holds=lambda value: value <= 1,
        definition="Mean of the time from start to end ÷ the time first approved.",
        counts=lambda run: None if run.is_rehearsal else against_plan(run),
    ),
    Measure(
        id="M5", title="Users touched", unit="%", target="as low as feasible",
        definition="Users touched ÷ active users of the services. Actual, at most: the bad events inside scope and window of the objective "
        "that saw most, each one user at most; where nothing was measured, the requester's estimate. Beside it: the estimates.",
        counts=lambda run: share(run.expected_users if run.users is None else run.users, run.active_users),
        lacking="It needs active users of the service, and events measured in the window or the users expected on its request.",
    ),
    Measure(
        id="M6", title="Budget spent beyond what was agreed", unit="%", target="0", adds_up=True, holds=lambda value: value <= 0,
        definition="Error budget charged to windows: spent inside them, without what was excluded or allowed beforehand; overrun counts. "
        "The sum over windows and objectives, each budget as 100 %.",
        counts=lambda run: None if run.charged is None else (run.charged, 1.0), lacking="No event was measured inside a window.",
    ),
    Measure(
        id="M7", title="Steps without a person", unit="%", target="above 90 %", goal=0.9, holds=lambda value: value > 0.9,
        definition="Automated steps that succeeded without a person ÷ automated steps tried. A step that was undone later counts as it "
        "went; one that was cut off because its run turned back was not tried to its end and does not count.",
        counts=lambda run: share(run.alone, run.tried), lacking="No automated step was tried.",
    ),
    Measure(
        id="M8", title="Telemetry that carries the tag", unit="%", target="100 %", goal=1, holds=lambda value: value >= 1,
        definition="Events tagged with the window ÷ events measured inside scope and window, of critical objectives; whole minutes only,"
        " from five seconds after it began: nodes know of it then."
        " A confidential window tags nothing, so its share is not known.",
        counts=lambda run: share(run.tagged, run.expected_tags), lacking="No event of a critical objective was measured inside a window.",
    ),
    Measure(
        id="M9", title="Incidents that follow changes", unit="a window", target="falling",
        definition="Incidents linked to windows ÷ windows that ran. Known from the first report of an incident of their services on.",
        counts=lambda run: each(run.incidents), lacking="Nobody has told of an incident of these services.",
    ),
    Measure(
        id="M10", title="Complaints", unit="a window", target="near the baseline",
        definition="Complaints linked to windows, all channels together ÷ windows that ran. Known from the first about their services on.",
        counts=lambda run: each(run.complaints), lacking="Nobody has told of a complaint of these services.",
    ),
)}  # fmt: skip


def value_of(measure: Measure, runs: Iterable[Ended]) -> Value:
    """The measure over these runs. What is not known of a run leaves it out, and is counted."""
    everything = list(runs)
    told = [counts for run in everything if (counts := measure.counts(run)) is not None]
    part, whole = sum(one[0] for one in told), sum(one[1] for one in told)
    value = None if not told else part if measure.adds_up else part / whole if whole else None
    return Value(part, whole, len(told), len(everything), value)


def expected_users_share(runs: Sequence[Ended]) -> float | None:
    """What M5 stands beside: the requesters' estimates, where both are known."""
    told = [(run.expected_users, run.active_users) for run in runs if run.expected_users is not None and run.active_users]
    return sum(expected for expected, _ in told) / sum(active or 0 for _, active in told) if told else None


def beside(measure: Measure, runs: Sequence[Ended]) -> float | None:
    """What a measure is shown beside: M2 the same hours of past weeks, M5 the estimates; others nothing."""
    return {"M2": usual_error_rate, "M5": expected_users_share}.get(measure.id, lambda _: None)(runs)


def usual_error_rate(runs: Sequence[Ended]) -> float | None:
    """What M2 stands beside: the same hours of past weeks."""
    bad = sum(run.usual_bad or 0 for run in runs if run.events)
    events = sum(run.usual_events or 0 for run in runs if run.events)
    return bad / events if events else None
