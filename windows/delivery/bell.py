"""The doorbell: a message to a worker that says no more than "look at the table". Losing one costs a sweep, never work.

A broker that is away must not hold up the person whose act is committed already: failures are counted and swallowed, and for a few
seconds after one nobody tries again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from celery import current_app
from django.db import transaction
from prometheus_client import Counter

REST = 5.0  # seconds without a try after a failed one
PATIENCE = 2.0  # seconds; a frozen broker takes a ring and never says so, and without a limit that is waited for
EXPIRES = 5  # seconds: rings must not pile up while the workers are away
FAILED = Counter("roadworks_doorbell_failures_total", "Rings that no broker took; the sweep found the work instead.")
log = logging.getLogger(__name__)


class _Broker:
    silent_until = 0.0


def ring(task: str, *args: Any) -> bool:
    """Send the task by name, now. False when the broker did not take it."""
    if time.monotonic() < _Broker.silent_until:
        FAILED.inc()
        return False
    try:
        send(task, args)
    except Exception as error:  # the broker's client has a class for every way to be away
        _Broker.silent_until = time.monotonic() + REST
        FAILED.inc()
        log.warning("The broker took no ring for %s: %s", task, error)
        return False
    return True


def send(task: str, args: Sequence[Any]) -> None:
    with current_app.producer_pool.acquire(block=True) as producer:
        try:
            current_app.send_task(
                task, args=args, expires=EXPIRES, retry=False, ignore_result=True, producer=producer, timeout=PATIENCE,
                confirm_timeout=PATIENCE,
            )  # fmt: skip
        except Exception:
            producer.connection.collect()  # dropped: the pool would take leave of the broker and wait for its answer, too
            raise


def ring_on_commit(task: str, *args: Any) -> None:
    """Ring when, and only if, the caller's transaction commits."""
    transaction.on_commit(lambda: ring(task, *args), robust=True)
