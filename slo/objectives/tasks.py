"""Celery tasks: fetch what is not pushed, forget what is old."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from celery import shared_task
from django.db import connection

from slo.objectives.commands import next_to_slice, slice_next
from slo.objectives.queries import Promise, promises
from slo.telemetry import commands, registry, retention
from slo.telemetry.queries import counted
from slo.telemetry.readings import Push, Reading, shared_out

BACK = 3  # minutes: one that failed is made up for
LONGEST = 20.0  # seconds of judging slices in one tick
SETTLED = timedelta(seconds=30)  # a minute is asked for when its last scrape has had time to arrive
log = logging.getLogger(__name__)


@shared_task(name="telemetry.measure")
def measure() -> None:
    """Ask each objective's source for its last finished minutes. A tick missed or doubled changes nothing."""
    last = (clock() - SETTLED).replace(second=0, microsecond=0) - timedelta(minutes=1)
    minutes = [last - timedelta(minutes=back) for back in range(BACK)]
    for one in promises():
        try:
            fetch(one, minutes)
        except Exception:  # one objective's mistake costs the others no minute
            log.exception("objective %s could not be measured", one.slug)


def clock() -> datetime:
    """Now, by the database: workers' clocks differ."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        (now,) = cursor.fetchone()
        return now  # type: ignore[no-any-return]


def fetch(one: Promise, minutes: Sequence[datetime]) -> None:
    """Count the minutes that were not counted yet, newest first; give up at the first that its source fails to answer for."""
    done = counted(one.slug, one.source, [minute.isoformat() for minute in minutes])
    for minute in minutes:
        if minute.isoformat() in done:
            continue
        source = registry.known()[one.source]
        found = source.events(one.slug, one.query, minute)
        if found is None:
            return
        if isinstance(found, Reading):
            log.warning("objective %s has no measurement for %s: %s", one.slug, minute, found.error or found.reason)
            if found.error:
                return
        else:
            parts = shared_out(found, registry.tags(source, one.slug, one.query, minute) if found.total else {})
            samples = [
                Push(f"{minute.isoformat()} {window}".strip(), minute, part.good, part.total, source=one.source, window=window)
                for window, part in parts.items()
            ]
            commands.push(one.slug, samples, one.slicing)


@shared_task(name="objectives.reconcile")
def slice_up() -> None:
    """Judge the slices that wait, for some seconds: the next tick goes on. An objective whose slices cannot be judged holds up no other."""
    until, left_out = time.monotonic() + LONGEST, set[int]()
    while time.monotonic() < until and (pk := next_to_slice(left_out)) is not None:
        try:
            is_done = slice_next(pk)
        except Exception:
            log.exception("slices of objective %s could not be judged", pk)
            is_done = False
        left_out |= set() if is_done else {pk}


@shared_task(name="telemetry.forget")
def forget() -> None:
    """Forget what need not be kept."""
    retention.forget()
