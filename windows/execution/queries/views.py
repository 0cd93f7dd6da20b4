"""Runs as every surface shows them: one query layer, many faces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, F

from windows.access.roles import Actor, Subject, Verb, permitted, require, visible
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.execution.models import LIVE, CheckResult, GateReading, Run, StepLog, StepRun
from windows.execution.states import RUN_FINAL, RunStatus, StepStatus, run_may_become
from windows.scheduling.queries import subject_of

DONE = {StepStatus.SUCCEEDED, StepStatus.SKIPPED}
DOUBTFUL = {StepStatus.IN_DOUBT, StepStatus.COMPENSATION_FAILED, StepStatus.STARTED}
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
    verbs: tuple[str, ...]  # what this viewer may do with it now

    @property
    def is_current(self) -> bool:
        return self.status in {StepStatus.STARTED, StepStatus.WAITING, StepStatus.AWAITING_PERSON, StepStatus.COMPENSATING}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run with its clocks (UTC, by the database) and what this viewer may do now. `forecast_end` is None where nothing is known."""

    id: int
    number: int
    window_id: int
    window: str
    title: str
    status: str
    reason: str
    started_by: str
    runbook: str | None
    runbook_version: int | None
    steps: tuple[StepView, ...]
    done: int
    total: int
    current: StepView | None
    checks: tuple[CheckResult, ...]
    readings: tuple[GateReading, ...]  # newest first
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
    verbs: tuple[str, ...]

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def in_doubt(self) -> tuple[StepView, ...]:
        """Steps of which nobody knows, or that could not be undone."""
        return tuple(step for step in self.steps if step.status in DOUBTFUL and (step.status != StepStatus.STARTED or not self.is_live))


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
    runs = Run.objects.filter(status__in=LIVE).select_related("window__team", "runbook_version__runbook").defer("window__vevent")
    now, found = clock(), []
    for run in runs.prefetch_related("steps").order_by("created_at", "pk"):
        subject = subject_of(run.window)
        if visible(viewer, subject) and permitted(viewer, Verb.READ, subject):
            found.append(_view(run, sorted(run.steps.all(), key=lambda s: s.position), subject, viewer, now, whole=False))
    return found


def runs_of(window_id: int) -> list[Run]:
    """The runs of a window, the newest first. The caller has asked whether the window may be seen."""
    return list(Run.objects.filter(window=window_id).order_by("-number"))


def _view(run: Run, steps: list[StepRun], subject: Subject, viewer: Actor, now: datetime, *, whole: bool) -> RunView:
    views = tuple(_step(step, _verbs_for(run, step, subject, viewer)) for step in steps)
    current = next((view for view in views if view.is_current), None) or next((v for v in views if v.status == StepStatus.PENDING), None)
    version = run.runbook_version
    return RunView(
        id=run.pk, number=run.number, window_id=run.window_id, window=run.window.reference, title=run.window.title, status=run.status,
        reason=run.reason, started_by=run.started_by, runbook=version.runbook.slug if version else None,
        runbook_version=version.number if version else None, steps=views, done=sum(view.status in DONE for view in views), total=len(views),
        current=current if run.status in LIVE else None,
        checks=tuple(run.checks.order_by("name")) if whole else (),
        readings=tuple(run.readings.order_by("-pk")[:READINGS]) if whole else (),
        logs=tuple(reversed(run.logs.order_by("-pk")[:LOGS])) if whole else (),
        signed=tuple(run.signatures.order_by("at").values_list("person__name", "reason")) if whole else (),
        watch=tuple(run.watch), now=now, created_at=run.created_at, started_at=run.started_at, ended_at=run.ended_at,
        turn_back_at=run.turn_back_at, window_ends_at=run.window_ends_at, hold_until=run.hold_until, hold_action=run.hold_action,
        forecast_end=_forecast(run, steps, now) if whole else None, verbs=_verbs(run, subject, viewer),
    )  # fmt: skip


def _step(step: StepRun, verbs: tuple[str, ...]) -> StepView:
    same = {name: getattr(step, name) for name in StepView.__dataclass_fields__ if name not in {"has_undo", "verbs"}}
    return StepView(**same, has_undo=step.undo is not None, verbs=verbs)


def _verbs(run: Run, subject: Subject, viewer: Actor) -> tuple[str, ...]:
    """What the role table and the run's state both allow."""
    R = RunStatus
    leads = {Verb.HOLD: R.HELD, Verb.RESUME: R.RUNNING, Verb.ROLL_BACK: R.ROLLING_BACK, Verb.ABORT: R.ABORTED}
    fitting = {verb for verb, status in leads.items() if run_may_become(run.status, status.value)}
    if run.status != RunStatus.HELD:
        fitting.discard(Verb.RESUME)
    if run.status in {RunStatus.HELD, RunStatus.STUCK}:
        fitting.add(Verb.RETRY)
    return tuple(sorted(verb.value for verb in fitting if permitted(viewer, verb, subject)))


def _verbs_for(run: Run, step: StepRun, subject: Subject, viewer: Actor) -> tuple[str, ...]:
    S = StepStatus
    fitting: set[Verb] = set()
    if run.status in {RunStatus.RUNNING, RunStatus.HELD, RunStatus.VALIDATING}:
        if step.status in {S.PENDING, S.WAITING, S.AWAITING_PERSON, S.FAILED, S.IN_DOUBT}:
            fitting.add(Verb.SKIP)
        if step.status == S.AWAITING_PERSON:
            fitting |= {Verb.CONFIRM, Verb.ATTEST}
        if step.status == S.IN_DOUBT:
            fitting.add(Verb.ATTEST)
    if run.status == RunStatus.HELD and step.status in {S.FAILED, S.IN_DOUBT}:
        fitting.add(Verb.RETRY)
    if run.status == RunStatus.ROLLING_BACK and step.status == S.COMPENSATING and step.prompt:
        fitting |= {Verb.CONFIRM, Verb.ATTEST}
    if run.status == RunStatus.STUCK and step.status == S.COMPENSATION_FAILED:
        fitting |= {Verb.RETRY, Verb.ATTEST}
    return tuple(sorted(verb.value for verb in fitting if permitted(viewer, verb, subject)))


def _forecast(run: Run, steps: Iterable[StepRun], now: datetime) -> datetime | None:
    """When it would end if every step left took as long as it took on average in earlier runs of this runbook."""
    if run.status in RUN_FINAL or run.runbook_version_id is None or run.runbook_version is None:
        return None
    left = [step for step in steps if step.status not in DONE]
    past = StepRun.objects.filter(
        run__runbook_version__runbook=run.runbook_version.runbook_id, status=StepStatus.SUCCEEDED.value, intended_at__isnull=False,
        ended_at__isnull=False, name__in=[step.name for step in left],
    )  # fmt: skip
    took = dict(past.values("name").annotate(took=Avg(F("ended_at") - F("intended_at"))).values_list("name", "took"))
    if any(step.name not in took for step in left):
        return None
    end = now + sum((took[step.name] for step in left), timedelta())
    under_way = next((s for s in left if s.status == StepStatus.STARTED and s.intended_at), None)
    return end - min(took[under_way.name], now - under_way.intended_at) if under_way and under_way.intended_at else end
