"""Rehearsals as people read them: what was injected, what the guards did, the verdict; and the one that N15 asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from windows.access.roles import Actor
from windows.audit.queries import TrailEntry, trail
from windows.execution.models import BreakGlass, Run, StepLog
from windows.execution.queries.views import RunView, run_view
from windows.execution.rehearsing import Fault, Judgement, Rehearsal, faults_of, is_fresh, judged
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


def rehearsals_of(window_id: int, most: int = 20) -> list[Rehearsed]:
    """The newest first. The caller has asked whether the window may be seen."""
    rows: Iterable[Run] = Run.objects.filter(window=window_id).exclude(rehearsal="").order_by("-pk")[:most]
    return [Rehearsed(one.pk, one.rehearsal, one.status, one.started_by, one.created_at, judgement(one)) for one in rows]


def proof_for(version_id: int, now: datetime) -> Run | None:
    """The last game day of this version that rolled back, not longer ago than it is good for."""
    held = Run.objects.filter(
        runbook_version=version_id, rehearsal=Rehearsal.GAME_DAY.value, status=RunStatus.ROLLED_BACK.value
    )  # fmt: skip
    fresh = (one for one in held.order_by("-pk")[:LAST] if is_fresh(one.ended_at, now))
    return next((one for one in fresh if judgement(one).counts), None)


def glass_over(window_id: int, version_id: int) -> BreakGlass | None:
    return BreakGlass.objects.select_related("person").filter(window=window_id, runbook_version=version_id).first()
