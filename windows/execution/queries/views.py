"""Runs as every surface shows them: one query layer, many faces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from windows.access.roles import Actor, Subject, Verb, permitted, require, visible
from windows.actions.registry import kinds
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.execution.models import LIVE, CheckResult, Run, StepLog, StepRun
from windows.execution.pace import Pace, Stretch, left
from windows.execution.queries.gates import GateView, Reading, gates, readings
from windows.execution.queries.offers import verbs_for, verbs_over
from windows.execution.queries.paces import paces
from windows.execution.queries.snapshots import step_of
from windows.execution.saga import said_of
from windows.execution.states import Phase, RunStatus, StepStatus
from windows.scheduling.queries import subject_of

DONE = {StepStatus.SUCCEEDED, StepStatus.SKIPPED}
DOUBTFUL = {StepStatus.IN_DOUBT, StepStatus.COMPENSATION_FAILED, StepStatus.STARTED}
GOING_BACK = {RunStatus.ROLLING_BACK, RunStatus.STUCK}
READINGS, LOGS = 60, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    position: int
    phase: str
    name: str
    sentence: str
    kind: str
    status: str
    attempt: int
    max_attempts: int
    undo_attempt: int
    is_repeatable: bool
    has_undo: bool
    no_undo_reason: str
    outcome: str
    prompt: str
    wake_at: datetime | None
    intended_at: datetime | None
    ended_at: datetime | None
    undo_started_at: datetime | None
    undo_ended_at: datetime | None
    timeout: timedelta
    usual: timedelta | None  # its mean over the last runs of this runbook
    usual_undo: timedelta | None
    is_checkpoint: bool  # a rollback may end here
    to_undo: bool  # a rollback begun now would undo it
    is_interruptible: bool  # a hold stops it in the middle, and it is tried again
    undoes: bool  # undoing it does something: a gate or a wait changed nothing
    stands: bool  # it was touched and has no undo: a rollback leaves it
    verbs: tuple[str, ...]  # what this viewer may do with it now

    @property
    def is_current(self) -> bool:
        return self.status in {StepStatus.STARTED, StepStatus.WAITING, StepStatus.AWAITING_PERSON, StepStatus.COMPENSATING}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run with its clocks (UTC, by the database) and what this viewer may do now. `forecast_end` is None where nothing is known,
    and while the run goes back."""

    id: int
    number: int
    window_id: int
    window: str
    title: str
    status: str
    rehearsal: str  # empty: no rehearsal
    reason: str
    started_by: str
    runbook: str | None
    runbook_version: int | None
    steps: tuple[StepView, ...]
    done: int
    total: int
    current: StepView | None
    checks: tuple[CheckResult, ...]
    readings: tuple[Reading, ...]  # newest first
    gates: tuple[GateView, ...]
    logs: tuple[StepLog, ...]  # newest last
    signed: tuple[tuple[str, str], ...]  # who signed an abort, and why
    watch: tuple[dict[str, Any], ...]
    now: datetime
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    turn_back_at: datetime | None
    window_ends_at: datetime
    hold_until: datetime | None
    hold_action: str
    forecast_end: datetime | None
    stands: str  # which touched steps a rollback leaves, and why, in a sentence; empty: none
    undo_takes: timedelta | None  # what rolling back (or what is left of it) takes, by its last times; None: never measured
    verbs: tuple[str, ...]

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def in_doubt(self) -> tuple[StepView, ...]:
        """Steps of which nobody knows, or that could not be undone."""
        lost = [step for step in self.steps if step.status in DOUBTFUL and (step.status != StepStatus.STARTED or not self.is_live)]
        return (*lost, *(step for step in self.steps if step.phase == Phase.PROOF and step.status == StepStatus.FAILED))


def run_view(run_id: int, viewer: Actor) -> RunView:
    """One run for this viewer; NotFound where there is none or its window is not for their eyes. A constant number of queries."""
    run = Run.objects.select_related("window__team", "runbook_version__runbook").defer("window__vevent").filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such run.")
    subject = subject_of(run.window)
    require(viewer, Verb.READ, subject)
    return _view(run, list(run.steps.order_by("position")), subject, viewer, clock(), whole=True)


def live_runs(viewer: Actor) -> list[RunView]:
    """Every run under way that this viewer may see, the oldest first; without checks, readings and logs."""
    runs = (
        Run.objects.filter(status__in=LIVE, rehearsal="").select_related("window__team", "runbook_version__runbook").defer("window__vevent")
    )
    now, found = clock(), []
    for run in runs.prefetch_related("steps").order_by("created_at", "pk"):
        subject = subject_of(run.window)
        if visible(viewer, subject) and permitted(viewer, Verb.READ, subject):
            found.append(_view(run, sorted(run.steps.all(), key=lambda s: s.position), subject, viewer, now, whole=False))
    return found


def runs_of(window_id: int) -> list[Run]:
    """The runs of a window without its rehearsals, the newest first. The caller has asked whether the window may be seen."""
    return list(Run.objects.filter(window=window_id, rehearsal="").order_by("-number"))


def _view(run: Run, steps: list[StepRun], subject: Subject, viewer: Actor, now: datetime, *, whole: bool) -> RunView:
    version = run.runbook_version
    known = paces(version.runbook_id) if whole and version and run.status in LIVE else {}
    views = tuple(_step(step, known.get(step.name, Pace()), verbs_for(run, step, subject, viewer)) for step in steps)
    planned = [view for view in views if view.phase != Phase.PROOF]
    current = next((view for view in views if view.is_current), None)
    if current is None and run.status not in GOING_BACK:
        current = next((view for view in planned if view.status in {StepStatus.PENDING, StepStatus.FAILED, StepStatus.IN_DOUBT}), None)
    measured = readings(run) if whole else []
    return RunView(
        id=run.pk, number=run.number, window_id=run.window_id, window=run.window.reference, title=run.window.title, status=run.status,
        rehearsal=run.rehearsal,
        reason=run.reason, started_by=run.started_by, runbook=version.runbook.slug if version else None,
        runbook_version=version.number if version else None, steps=views, done=sum(view.status in DONE for view in planned),
        total=len(planned),
        current=current if run.status in LIVE else None,
        checks=tuple(run.checks.order_by("name")) if whole else (),
        readings=tuple(measured[:READINGS]), gates=gates(run, steps, measured),
        logs=tuple(reversed(run.logs.order_by("-pk")[:LOGS])) if whole else (),
        signed=tuple(run.signatures.order_by("at").values_list("person__name", "reason")) if whole else (),
        watch=tuple(run.watch), now=now, created_at=run.created_at, started_at=run.started_at, ended_at=run.ended_at,
        turn_back_at=run.turn_back_at, window_ends_at=run.window_ends_at, hold_until=run.hold_until, hold_action=run.hold_action,
        forecast_end=_forecast(run, views, now) if known else None, undo_takes=_undoing(views, now) if whole else None,
        stands=said_of([state for step in steps if (state := step_of(step)).stands]).strip(),
        verbs=verbs_over(run, subject, viewer),
    )  # fmt: skip


ADDED = {"has_undo", "is_interruptible", "usual", "usual_undo", "to_undo", "undoes", "stands", "verbs"}


def _step(step: StepRun, pace: Pace, verbs: tuple[str, ...]) -> StepView:
    same = {name: getattr(step, name) for name in StepView.__dataclass_fields__ if name not in ADDED}
    state = step_of(step)
    to_undo = step.undo is not None and state.touched and step.status != StepStatus.COMPENSATED
    how = kinds().get(step.undo["kind"]) if step.undo else None  # None also of a kind whose package is not installed any more
    kind = kinds().get(step.kind)
    return StepView(
        **same, has_undo=step.undo is not None, usual=pace.forward, usual_undo=pace.undo,
        to_undo=to_undo, stands=state.stands, is_interruptible=bool(step.is_repeatable and kind and kind.interruptible),
        undoes=step.undo is not None and (how is None or bool(how.undone) or step.undo["kind"] != step.kind),
        verbs=verbs,
    )  # fmt: skip


def _forecast(run: Run, steps: tuple[StepView, ...], now: datetime) -> datetime | None:
    """When it would end if every step left took as long as it took lately."""
    if run.status in GOING_BACK:
        return None
    ahead = [one for one in steps if one.status not in DONE and one.phase != Phase.PROOF]
    takes = left([Stretch(one.usual, one.intended_at if one.is_current else None) for one in ahead], now)
    return None if takes is None else now + takes


def _undoing(steps: tuple[StepView, ...], now: datetime) -> timedelta | None:
    ahead = [one for one in steps if one.to_undo]
    return left([Stretch(one.usual_undo, one.undo_started_at if one.status == StepStatus.COMPENSATING else None) for one in ahead], now)
