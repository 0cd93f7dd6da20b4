"""The draft of a postmortem: what is on record of a window, as sentences, each with where it is written. Pure.

Nothing is concluded that the record does not say; what was not measured is said to be not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MOST = 30  # lines of one section
ENDING = 14  # of them, kept for the turns a window took and how it ended


@dataclass(frozen=True, slots=True)
class Line:
    """One thing on record. `said` is a whole sentence where the record has one."""

    name: str
    said: str = ""
    verdict: str = ""  # pass, fail, inconclusive; of an act its actor
    at: datetime | None = None
    href: str = ""
    is_turn: bool = False  # of an act: it changed how the window ended


@dataclass(frozen=True, slots=True)
class Budget:
    """What one objective saw inside the window, in events. `total` is 0 where nothing was measured."""

    objective: str
    total: int
    raw: int
    excused: float
    charged: float
    is_critical: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """How often one gate was judged, and how."""

    name: str
    passed: int = 0
    failed: int = 0
    unsure: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    status: str
    attempts: int
    is_manual: bool
    helped: bool = False  # a person confirmed, retried, skipped or attested it
    outcome: str = ""
    is_short: bool = False  # as M7 counts: it did not succeed without a person
    was_cut: bool = False  # it was begun and came to nothing, because the run turned back
    stands: str = ""  # after a rollback: it has no undo and stands, for this reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known of a window that began. `hrefs` are the parts of its page by name; times are UTC."""

    reference: str
    title: str
    why: str
    team: str
    status: str
    starts_at: datetime
    ends_at: datetime
    due_at: datetime  # the end first approved
    began_at: datetime
    ended_at: datetime | None
    runs: Sequence[Line] = ()
    approvers: Sequence[str] = ()
    acts: Sequence[Line] = ()
    acts_in_all: int = 0  # on record; those given are the first, the turns and the last of them
    checks: Sequence[Line] = ()
    steps: Sequence[Step] = ()
    gates: Sequence[Gate] = ()
    budgets: Sequence[Budget] = ()
    alerts: int = 0
    paged: Sequence[Line] = ()
    expected: int = 0
    withheld: int = 0
    firing: int = 0
    never_came: Sequence[str] = ()
    incidents: Sequence[Line] = ()
    complaints: Sequence[Line] = ()
    went_back: bool = False
    turned_by: str = ""  # the person who rolled it back; empty: nobody, or it turned back by itself
    flags_set: int = 0
    flags_expired: int = 0
    tagged: int | None = None  # of `expected_tags` events of critical objectives; None: not known
    expected_tags: int | None = None
    hrefs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    where: str  # the part of the record, as its link is called
    href: str


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    sentences: Sequence[Sentence]


def draft(facts: Facts) -> list[Section]:
    """The sections in their order, none empty."""
    made = [
        Section("Summary", summary(facts)),
        Section("What happened", acts(facts)),
        Section("Before the start", before(facts)),
        Section("Steps and gates", work(facts)),
        Section("What users felt", felt(facts)),
        Section("Alerts", alerts(facts)),
        Section("Incidents and complaints", reported(facts)),
    ]
    return [one for one in made if one.sentences]


def summary(facts: Facts) -> list[Sentence]:
    overview, run = source(facts, "overview"), source(facts, "run")
    said = [Sentence(f"{facts.reference} {facts.title}, of team {facts.team}: {sentence(facts.why)}", *overview)]
    planned = f"It was planned from {stamp(facts.starts_at)} to {stamp(facts.ends_at)}"
    said.append(Sentence(f"{planned} and began at {stamp(facts.began_at)}.", *overview))
    if facts.ended_at is None:
        said.append(Sentence("It has not ended.", *run))
    else:
        late = facts.ended_at - facts.due_at
        when = "in time" if late <= timedelta() else f"{lasting(late)} after the end first approved"
        said.append(Sentence(f"It ended {facts.status.replace('_', ' ')} at {stamp(facts.ended_at)}, {when}.", *run))
    said += [Sentence(f"{one.name}: {sentence(one.said)}", "Run", one.href) for one in facts.runs if one.said]
    agreed = f"Approved by {', '.join(facts.approvers)}." if facts.approvers else "No approval is on record."
    return [*said, Sentence(agreed, *source(facts, "approvals"))]


def acts(facts: Facts) -> list[Sentence]:
    where = source(facts, "audit")
    told = [
        Sentence(f"{stamp(one.at)}: {one.name} ({one.verdict}){f', {one.said}' if one.said else ''}", *where) for one in weighty(facts.acts)
    ]
    if (left := max(facts.acts_in_all, len(facts.acts)) - len(told)) > 0:
        told.append(Sentence(f"Left out here: {left} lesser act{plural(left)}, which the trail has.", *where))
    return told


def weighty(acts: Sequence[Line]) -> list[Line]:
    """In their order: how it began, then the turns it took and what came last."""
    later = range(MOST - ENDING, len(acts))
    turns = [place for place in later if acts[place].is_turn][-ENDING:]
    others = [place for place in reversed(later) if place not in turns][: ENDING - len(turns)]
    return [*acts[: MOST - ENDING], *(acts[place] for place in sorted([*turns, *others]))]


def before(facts: Facts) -> list[Sentence]:
    if not facts.checks:
        return [Sentence("No preflight check is on record.", *source(facts, "run"))]
    bad = [one for one in facts.checks if one.verdict != "pass"]
    good = len(facts.checks) - len(bad)
    said = [Sentence(f"{good} of {len(facts.checks)} preflight checks passed.", *source(facts, "run"))]
    return said + [Sentence(f"{one.name}: {one.verdict}. {sentence(one.said)}", *source(facts, "run")) for one in bad]


def work(facts: Facts) -> list[Sentence]:
    where, said = source(facts, "run"), []
    if facts.steps:
        done = sum(one.status == "succeeded" for one in facts.steps)
        said.append(Sentence(f"{done} of {len(facts.steps)} steps stand as done.", *where))
    for step in facts.steps:
        if step.attempts > 1 or step.status not in ("succeeded", "pending"):
            tries = f" after {step.attempts} attempts" if step.attempts > 1 else ""
            said.append(Sentence(f"Step “{step.name}” is {step.status.replace('_', ' ')}{tries}. {sentence(step.outcome)}".strip(), *where))
    said += [Sentence(f"Step “{step.name}” has no undo and stands: {sentence(step.stands)}", *where) for step in facts.steps if step.stands]
    for gate in facts.gates:
        if gate.failed or gate.unsure:
            error = f", {gate.errors} of them errors" if gate.errors else ""
            said.append(Sentence(
                f"Gate “{gate.name}”: {gate.passed} passed, {gate.failed} failed, {gate.unsure} without a verdict{error}.", *where
            ))  # fmt: skip
    return cut(said, where)


def felt(facts: Facts) -> list[Sentence]:
    where = source(facts, "impact")
    if not facts.budgets:
        return [Sentence("No objective covers its services: what users felt is not known.", *where)]
    said = []
    for one in facts.budgets:
        if not one.total:
            said.append(Sentence(f"{one.objective}: nothing was measured inside the window; not known.", *where))
        else:
            judged = f"{one.excused:,.0f} excused by agreement, {one.charged:,.0f} charged"
            said.append(Sentence(f"{one.objective}: {one.raw:,} of {one.total:,} events were bad; {judged}.", *where))
    return cut(said, where)


def alerts(facts: Facts) -> list[Sentence]:
    where = source(facts, "alerts")
    if not facts.alerts:
        return [Sentence("No alert began inside it.", *where)]
    said = [Sentence(
        f"{facts.alerts} alert{plural(facts.alerts)} began inside it: {len(facts.paged)} paged, {facts.expected} expected, "
        f"{facts.withheld} withheld by a silence; {facts.firing} still firing when this was drafted.", *where
    )]  # fmt: skip
    said += [Sentence(f"{stamp(one.at)}: {one.name} paged. {sentence(one.said)}".strip(), *where) for one in facts.paged]
    said += [Sentence(f"Expected and never came: {name}.", *where) for name in facts.never_came]
    return cut(said, where)


def reported(facts: Facts) -> list[Sentence]:
    if not facts.incidents and not facts.complaints:
        return [Sentence("No incident and no complaint is linked to it.", *source(facts, "alerts"))]
    told = [Sentence(f"{one.name} began at {stamp(one.at)}: {sentence(one.said)}", "Incident", one.href) for one in facts.incidents]
    told += [Sentence(f"{one.name}, received {stamp(one.at)}: {sentence(one.said)}", "Complaint", one.href) for one in facts.complaints]
    return cut(told, source(facts, "alerts"))


def cut(told: list[Sentence], where: tuple[str, str]) -> list[Sentence]:
    return told if len(told) <= MOST else [*told[:MOST], Sentence(f"And {len(told) - MOST} more.", *where)]


def source(facts: Facts, part: str) -> tuple[str, str]:
    return part.capitalize(), facts.hrefs[part]


def sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text[-1] in ".!?" else f"{text}."


def stamp(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "at a time not known"


def lasting(span: timedelta) -> str:
    minutes = -(-span // timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def plural(number: int) -> str:
    return "" if number == 1 else "s"
