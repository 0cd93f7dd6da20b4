"""Rehearsals as people read them: what was injected, what the guards did, the verdict; and the one that N15 asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from windows.access.roles import Actor
from windows.audit.queries import TrailEntry, trail
from windows.catalogue.models import Service
from windows.execution.models import LIVE, BreakGlass, RehearsalPolicy, Run, StepLog
from windows.execution.queries.views import RunView, run_view
from windows.execution.rehearsing import STANDARD, Fault, Judgement, Rehearsal, Rule, Tried, faults_of, judged, lacking
from windows.execution.states import RunStatus, StepStatus

LAST = 50  # rehearsals looked at for one that counts
ENTRIES = 200
GUARDS = (
    "held",
    "resumed",
    "rollback_started",
    "rollback_widened",
    "rolled_back",
    "stuck",
    "aborted",
    "blocked",
    "succeeded",
    "freeze_met",
)
STEPS = ("attempt_failed", "failed", "undecided", "doubted", "asked", "compensation_failed", "compensation_attempt_failed")


@dataclass(frozen=True, slots=True)
class Report:
    """`guards` are the entries of the trail in which something was met, the oldest first. `judgement` None: it was no rehearsal."""

    run: RunView
    reference: str
    environment: str
    faults: tuple[tuple[Fault, bool], ...]
    guards: tuple[TrailEntry, ...]
    took_part: tuple[str, ...]
    judgement: Judgement | None
    good_for_days: int = 0  # by the policy in force


def report(run_id: int, viewer: Actor) -> Report:
    """Of a rehearsal or of a real run; NotFound where it is not for these eyes."""
    view = run_view(run_id, viewer)
    row = Run.objects.only("rehearsal", "staged", "status").get(pk=run_id)
    entries = trail(window=view.window, run_id=run_id, limit=ENTRIES)
    run, step = ("rehearsal", "rehearsal_step") if row.rehearsal else ("run", "step")
    wanted = {*(f"{run}.{word}" for word in GUARDS), *(f"{step}.{word}" for word in STEPS)}
    return Report(
        run=view,
        reference=f"RH-{run_id}" if row.rehearsal else f"{view.window} run {view.number}",
        environment=row.staged.get("environment", ""),
        faults=tuple((fault, fault in bitten(row)) for fault in faults_of(row.staged)),
        guards=tuple(entry for entry in entries if entry.kind in wanted),
        took_part=tuple(dict.fromkeys(entry.actor for entry in entries)),
        judgement=judgement(row) if row.rehearsal else None,
        good_for_days=rule().good_for.days,
    )


def bitten(run: Run) -> set[Fault]:
    """The faults that have happened."""
    said = set(StepLog.objects.filter(run=run, level="fault").values_list("text", flat=True).distinct())
    return {fault for fault in faults_of(run.staged) if fault.bite in said}


def judgement(run: Run) -> Judgement:
    undone = run.steps.filter(status=StepStatus.COMPENSATED.value).count()
    return judged(run.rehearsal, run.status, faults_of(run.staged), bitten(run), undone)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal of a window's runbook in a list."""

    id: int
    mode: str
    status: str
    started_by: str
    created_at: datetime
    judgement: Judgement

    @property
    def reference(self) -> str:
        return f"RH-{self.id}"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


def rehearsals_of(window_id: int, most: int = 20) -> list[Rehearsed]:
    """The newest first. The caller has asked whether the window may be seen."""
    rows: Iterable[Run] = Run.objects.filter(window=window_id).exclude(rehearsal="").order_by("-pk")[:most]
    return [Rehearsed(one.pk, one.rehearsal, one.status, one.started_by, one.created_at, judgement(one)) for one in rows]


def rule() -> Rule:
    """The policy in force. One query."""
    row = RehearsalPolicy.objects.first()
    return STANDARD if row is None else Rule(row.tier, frozenset(row.environments), timedelta(days=row.good_for_days), row.since)


def proof_for(version_id: int, now: datetime, under: Rule | None = None) -> Run | None:
    """The last game day of this version that rolled back and still counts under the policy, or under this one."""
    held = fresh(version_id, under or rule(), now, rehearsal=Rehearsal.GAME_DAY.value, status=RunStatus.ROLLED_BACK.value)
    return next((one for one in held if judgement(one).counts), None)


def went_well(version_id: int, now: datetime) -> tuple[str, bool]:
    """What the last rehearsal of this version that went well has shown, a dry run too, while the policy's time for one has not passed,
    empty where there is none; and whether that was a dry run. A game day that went well stands before dry runs."""
    shown = ("", False)
    for one in fresh(version_id, rule(), now, status__in=[RunStatus.SUCCEEDED.value, RunStatus.ROLLED_BACK.value]):
        if (found := judgement(one)).is_good:
            is_dry = one.rehearsal == Rehearsal.DRY_RUN
            told = f"A {one.rehearsal.replace('_', ' ')} of this version went well (RH-{one.pk}). {found.reason}"
            if not is_dry:
                return told, False
            shown = shown if shown[0] else (told, True)
    return shown


def fresh(version_id: int, in_force: Rule, now: datetime, **of: Any) -> Iterator[Run]:
    """The last rehearsals of this version that may count by their age, the newest first."""
    rows = Run.objects.filter(runbook_version=version_id, **of).exclude(rehearsal="")
    return (one for one in rows.order_by("-pk")[:LAST] if in_force.takes(one.ended_at, now))


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a version may run at these places. `is_wanted`: the rule asks for a rehearsal there. `lacks` says what is missing, empty
    where `proof` is there; `glass` is who answered for it in this window."""

    rule: Rule
    is_wanted: bool
    proof: Run | None = None
    lacks: str = ""
    glass: BreakGlass | None = None

    @property
    def bars(self) -> bool:
        return self.is_wanted and self.proof is None and self.glass is None


def standing_of(window_id: int, version_id: int, places: Collection[tuple[str, str]], now: datetime) -> Standing:
    """Of this version at these (service, environment), as N15 asks. At most five queries where one game day counts."""
    in_force = rule()
    tiers = dict(Service.objects.filter(slug__in={service for service, _ in places}).values_list("slug", "tier"))
    if not in_force.wants([(tiers[service], environment) for service, environment in places if service in tiers]):
        return Standing(in_force, False)
    proof = proof_for(version_id, now, in_force)
    lacks = "" if proof else lacking(last_tried(version_id), in_force)
    return Standing(in_force, True, proof, lacks, None if proof else glass_over(window_id, version_id))


def last_tried(version_id: int) -> Tried | None:
    """The last game day of this version, whatever became of it."""
    last = Run.objects.filter(runbook_version=version_id, rehearsal=Rehearsal.GAME_DAY.value).order_by("-pk").first()
    return None if last is None else Tried(f"RH-{last.pk}", last.ended_at, judgement(last))


def glass_over(window_id: int, version_id: int) -> BreakGlass | None:
    return BreakGlass.objects.select_related("person").filter(window=window_id, runbook_version=version_id).first()
