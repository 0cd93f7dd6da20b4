"""Celery's doors to the engine. A message says "look at this run"; what is due stands in the database."""

from __future__ import annotations

import mmap
import os
from datetime import timedelta
from typing import Any

from celery import shared_task, signals
from django.db.models.functions import Now

from windows.access.roles import SCHEDULE
from windows.audit.clock import clock
from windows.audit.forgetting import forget as forgotten
from windows.audit.going_on import going_on
from windows.delivery.bell import ring
from windows.errors import Refused
from windows.execution import burning, reconciling, watching, watching_after
from windows.execution.commands import clocks
from windows.execution.commands.starting import start_run
from windows.execution.engine import loop
from windows.execution.models import GateReading, StepLog
from windows.execution.ports.context import build
from windows.execution.queries import due

KEPT = timedelta(days=400)  # SPEC §23: step logs, and what was measured beside them
# One byte shared with the pool processes: Celery tells them nothing about a warm shutdown. Made before they are forked.
_stopping = mmap.mmap(-1, 1)


@signals.worker_shutting_down.connect(weak=False)
def tell_pool(**_: Any) -> None:
    _stopping[0] = 1


def is_stopping() -> bool:
    return _stopping[0] == 1


def leave() -> None:
    """This pool process ends: its act hangs for good. Celery replaces it; the run is free already."""
    os._exit(70)


@shared_task(name="execution.advance_run")
def advance_run(run_id: int) -> None:
    """Carry the run on, if it is due and nobody else does."""
    loop.advance(run_id, build, is_stopping, leave)


@shared_task(name="execution.sweep")
def sweep() -> None:
    """Find what is due and lost: rings for runs, windows that start or missed it, clocks that ran. One failure stops no other."""
    now = clock()
    for run_id in due.due_runs(now):
        ring("execution.advance_run", run_id)
    for window_id in due.due_windows(now):
        with going_on("start", window=window_id):
            begin(window_id)
    for run_id in due.near_turn_back(now):
        with going_on("warn", run=run_id):
            clocks.warn(run_id)
    for run_id in due.overrunning(now):
        with going_on("report overrun", run=run_id):
            clocks.report_overrun(run_id)
    for step_id in due.forgotten_resumes(now):
        with going_on("report what stays stopped", step=step_id):
            clocks.report_forgotten(step_id)
    for run_id in due.outgrown(now):
        with going_on("keep place", run=run_id):
            clocks.keep_place(run_id)
    for reference in due.under_way():
        with going_on("keep flags", window=reference):
            clocks.keep_flags(reference)
    for window_id in due.missed_windows(now):
        with going_on("expire", window=window_id):
            clocks.expire(window_id)


@shared_task(name="execution.measure")
def measure() -> None:
    """Judge the watch gates that are due, of every run under way; ring for the runs whose short sleep is over."""
    now = clock()
    for run_id in due.just_due(now):
        ring("execution.advance_run", run_id)
    for run_id in watching.due(now):
        with going_on("watch", run=run_id):
            watching.watch(run_id)


@shared_task(name="execution.burn.measure")
def measure_burn() -> None:
    """Hold every run whose window burns an error budget too fast."""
    with going_on("watch burn rates"):
        burning.watch_burning(clock())


@shared_task(name="execution.afterwards.measure")
def measure_afterwards() -> None:
    """Measure on what belongs to windows that have ended; a breach opens an incident."""
    now = clock()
    for run_id in watching_after.due(now):
        with going_on("watch what has ended", run=run_id):
            watching_after.watch_after(run_id, now)


@shared_task(name="execution.reconcile")
def reconcile() -> None:
    """Compare every surface that is due with what is desired of it."""
    with going_on("derive surfaces"):
        reconciling.derive()
    away: set[str] = set()  # who does not answer: the rest of what asks him waits for the next look, mails for nobody
    for surface_id, other_side in reconciling.due(clock()):
        with going_on("reconcile", surface=surface_id):
            if other_side not in away and not reconciling.reconcile(surface_id):
                away.add(other_side)


def begin(window_id: int) -> None:
    """Start it by the schedule; a refusal does not go untold."""
    try:
        start_run(SCHEDULE, window_id)
    except Refused as refusal:
        clocks.report_refusal(window_id, refusal.detail)
        raise


@shared_task(name="execution.forget")
def forget() -> int:
    """Forget the log lines and gate readings of runs long over; the run, its steps and the trail stay."""
    return sum(forgotten(rows.filter(at__lt=Now() - KEPT)) for rows in (StepLog.objects.all(), GateReading.objects.all()))
