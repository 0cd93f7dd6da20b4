"""Rehearsals: what may be injected, what one has proved, and which work may not begin without one (N15). Pure.

A *dry run* has no effects: only gates measure. A *game day* does everything, on a staging scope, while faults are injected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from windows.errors import Invalid
from windows.execution.states import RUN_FINAL, RunStatus
from windows.lifecycle.words import counted

PRODUCTION = "production"
LONGEST_DELAY = 60


class Rehearsal(StrEnum):
    DRY_RUN = "dry_run"
    GAME_DAY = "game_day"


class FaultKind(StrEnum):
    STEP_FAILS = "step_fails"
    ACKNOWLEDGEMENTS_LOST = "acknowledgements_lost"
    METRICS_VANISH = "metrics_vanish"
    LATENCY = "latency"


TOLD = {
    FaultKind.STEP_FAILS: "step {step} fails",
    FaultKind.ACKNOWLEDGEMENTS_LOST: "a node never acknowledges the flag",
    FaultKind.METRICS_VANISH: "every metric vanishes",
    FaultKind.LATENCY: "every request and statement takes {seconds:g} s longer",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`step` is the position that fails; `seconds` how much longer each request takes."""

    kind: FaultKind
    step: int = 0
    seconds: float = 0.0

    @property
    def told(self) -> str:
        return TOLD[self.kind].format(step=self.step, seconds=self.seconds)

    @property
    def bite(self) -> str:
        """The line of the run's log that says it has happened."""
        return f"Injected fault: {self.told}."

    def to_json(self) -> dict[str, Any]:
        return {"fault": self.kind.value, "step": self.step, "seconds": self.seconds}


def read_faults(said: Sequence[Mapping[str, Any]], steps: int) -> tuple[Fault, ...]:
    """Faults as people and programs name them, for a plan of so many steps. Invalid names the field."""
    found = []
    for place, one in enumerate(said):
        where = f"faults[{place}]"
        known = ", ".join(FaultKind)
        if one.get("fault") not in set(FaultKind):
            raise Invalid(f"There is no fault “{str(one.get('fault'))[:40]}”. Known: {known}.", field=where)
        fault = Fault(FaultKind(one["fault"]), int(one.get("step") or 0), float(one.get("seconds") or 0))
        if fault.kind is FaultKind.STEP_FAILS and not 1 <= fault.step <= steps:
            raise Invalid(f"There is no step {fault.step}: give one from 1 to {steps}.", field=f"{where}.step")
        if fault.kind is FaultKind.LATENCY and not 0 < fault.seconds <= LONGEST_DELAY:
            raise Invalid(f"Give the seconds, more than 0 and at most {LONGEST_DELAY}.", field=f"{where}.seconds")
        if fault in found:
            raise Invalid("This fault is there twice.", field=where)
        found.append(fault)
    return tuple(found)


def faults_of(staged: Mapping[str, Any]) -> tuple[Fault, ...]:
    """What a run's row keeps."""
    return tuple(Fault(FaultKind(one["fault"]), one["step"], one["seconds"]) for one in staged.get("faults", ()))


@dataclass(frozen=True, slots=True)
class Judgement:
    """`is_good` None: it is not over. `counts`: N15 takes it for a rehearsal of the rollback."""

    is_good: bool | None
    counts: bool
    reason: str


def judged(mode: str, status: str, faults: Sequence[Fault], bit: Collection[Fault], undone: int) -> Judgement:
    """What a rehearsal has shown. A fault that never happened proves nothing, so nothing is proved."""
    if RunStatus(status) not in RUN_FINAL and status != RunStatus.STUCK:
        return Judgement(None, False, "It is under way.")
    if status in {RunStatus.STUCK, RunStatus.ABORTED, RunStatus.BLOCKED}:
        return Judgement(False, False, f"It ended {status}: not what an unattended night may count on.")
    idle = [fault.told for fault in faults if fault not in bit]
    if idle:
        return Judgement(False, False, f"Did not bite: {', '.join(idle)}. This rehearsal proves nothing about it.")
    if mode == Rehearsal.DRY_RUN:
        good = status == RunStatus.SUCCEEDED
        return Judgement(good, False, "Every step could be begun; nothing was done." if good else "A step could not be begun.")
    if status == RunStatus.ROLLED_BACK and undone:
        return Judgement(True, True, f"Its rollback was rehearsed: undone {undone} of its steps.")
    if status == RunStatus.ROLLED_BACK:
        return Judgement(True, False, "It turned back before anything was done: its rollback was not rehearsed.")
    return Judgement(True, False, "It went through; its rollback was not rehearsed.")


@dataclass(frozen=True, slots=True)
class Rule:
    """Which work must have been rehearsed: on services of this tier and of more critical ones (1 is the most critical, 0 means none), in
    these environments. A rehearsal counts for `good_for`, and not if it ended before `since`, a major change of what it rehearsed."""

    tier: int = 1
    environments: frozenset[str] = frozenset({PRODUCTION})
    good_for: timedelta = timedelta(days=90)
    since: datetime | None = None

    @property
    def told(self) -> str:
        if not self.tier or not self.environments:
            return "No work must have been rehearsed."
        which = "tier 1" if self.tier == 1 else f"tiers 1 to {self.tier}"
        changed = f" and after {self.since:%Y-%m-%d %H:%M} UTC" if self.since else ""
        where = " or ".join(sorted(self.environments))
        return f"Work on services of {which} in {where} must have been rehearsed within {counted(self.good_for.days, 'day')}{changed}."

    def wants(self, places: Collection[tuple[int, str]]) -> bool:
        """Whether work on these (tier of the service, environment) must have been rehearsed. Manual work is judged elsewhere."""
        return any(tier <= self.tier and environment in self.environments for tier, environment in places)

    def takes(self, ended_at: datetime | None, now: datetime) -> bool:
        """Whether a rehearsal that ended then still counts."""
        return ended_at is not None and now - ended_at <= self.good_for and (self.since is None or ended_at >= self.since)


STANDARD = Rule()


@dataclass(frozen=True, slots=True)
class Tried:
    """The last game day of one version of a runbook."""

    reference: str
    ended_at: datetime | None
    judgement: Judgement


def lacking(last: Tried | None, rule: Rule) -> str:
    """Why a version counts as not rehearsed, from the last game day of it, in one sentence."""
    if last is None:
        return "It was never rehearsed with its rollback."
    if last.judgement.is_good is None:
        return f"Its rehearsal {last.reference} is not over."
    if not last.judgement.counts:
        return f"Its last rehearsal, {last.reference}, does not count: {last.judgement.reason}"
    if rule.since is not None and last.ended_at is not None and last.ended_at < rule.since:
        return f"{last.reference} rehearsed it before the major change of {rule.since:%Y-%m-%d %H:%M} UTC."
    return f"{last.reference} rehearsed it longer than {counted(rule.good_for.days, 'day')} ago."
