"""Celery tasks: judge slices, forget what is old."""

from __future__ import annotations

import logging
import time

from celery import shared_task

from slo.objectives.commands import next_to_slice, slice_next
from slo.telemetry import retention

LONGEST = 20.0  # seconds of judging slices in one tick
log = logging.getLogger(__name__)


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
