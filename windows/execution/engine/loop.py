"""Own a run and carry it on until it ends, sleeps, is owned by another, or we must stop. One task per run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from slo.telemetry.carrying import under
from windows.actions.outcomes import Failed, Outcome
from windows.execution.engine.acting import Builder, act
from windows.execution.engine.heartbeat import Heartbeat
from windows.execution.engine.turns import turn
from windows.execution.engine.work import Act, Ownership, Preflight, timed_out
from windows.execution.intent import Intent
from windows.execution.models import Run, StepRun
from windows.execution.preflight import examine, settle
from windows.execution.queries.tags import known_tags

log = logging.getLogger(__name__)
PATIENCE = 60.0  # seconds an outcome waits for the database to come back: it is known, and losing it would leave a doubt
T = TypeVar("T")


def advance(run_id: int, build: Builder, should_stop: Callable[[], bool] = lambda: False, leave: Callable[[], None] = lambda: None) -> None:
    """Carry the run on. `should_stop`: the worker is asked to end. `leave`: ends this process, whose act hangs for good."""
    while True:
        own = Ownership(run_id)
        carry(own, build, should_stop, leave)
        if not linger(own, should_stop):
            return


def carry(own: Ownership, build: Builder, should_stop: Callable[[], bool], leave: Callable[[], None]) -> None:
    """One ownership, from the lease to its release."""
    work = turn(own, None, stopping=should_stop())
    if work is None or own.fence is None:
        return
    on_hang = partial(give_up, own.run_id, leave)
    with Heartbeat(own.run_id, own.fence, work.run.window.reference, should_stop, on_hang, leased=own.leased) as heart:
        while work is not None:
            if isinstance(work, Preflight):
                with under(known_tags(work.run)):
                    results = examine(work.run)
                persist(own, lambda: settle(own.run_id, own.fence or 0, results))  # noqa: B023 - called at once
                finished = None
            else:
                outcome = perform(own, work, heart, build)
                if outcome is None:
                    return
                finished = (work.intent, outcome)
            work = persist(own, lambda: turn(own, finished, stopping=should_stop()))  # noqa: B023


def perform(own: Ownership, work: Act, heart: Heartbeat, build: Builder) -> Outcome | None:
    intent = work.intent
    allowed = intent.deadline - own.now if own.now else work.step.timeout
    heart.watch(intent, max(allowed, timedelta()), own.leased)

    def keep(kept: dict[str, object]) -> bool:
        return persist(own, partial(keep_checkpoint, intent, kept))

    with under(known_tags(work.run, work.step.name)):
        outcome = act(work, build, heart.stop_requested, allowed.total_seconds(), keep)
    heart.rest()
    return outcome


def persist(own: Ownership, write: Callable[[], T]) -> T:
    """Write, and write again while the database is away. Safe: the fence refuses what another owner has overtaken, and an outcome
    that was committed although the reply was lost is found written."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > until:
                raise
            log.warning("run %s: the database is away (%s); its outcome waits", own.run_id, error)
            own.revision, own.shown = -1, "?"
            connection.close()
            time.sleep(0.2)


@transaction.atomic(durable=True)
def keep_checkpoint(intent: Intent, kept: dict[str, object]) -> bool:
    """What prepare() answered, committed before anything is done. Fenced."""
    if Run.objects.select_for_update().filter(pk=intent.run_id, fence=intent.fence).first() is None:
        return False
    mine = StepRun.objects.filter(run=intent.run_id, position=intent.position)
    return bool(mine.update(checkpoint={**intent.checkpoint, **kept}, prepared_at=Now()))


def give_up(run_id: int, leave: Callable[[], None], intent: Intent) -> None:
    """Called from the heartbeat: the act hangs. Record the attempt as failed, free the run, and leave the process to its end.

    The process ends whatever happens here: with the database away for too long, the lease runs out and the step is a dead worker's.
    """
    own = Ownership(run_id, fence=intent.fence)

    def conclude() -> None:
        step = StepRun.objects.select_related("run__window").get(run=run_id, position=intent.position)
        own.window = step.run.window  # as an owner: it waits for the run's lock, where a person presses something
        turn(own, (intent, Failed(f"{timed_out(step)} and did not come back")), stopping=True)
        # Should it come back after all, it is too late.
        Run.objects.filter(pk=run_id, fence=intent.fence).update(fence=intent.fence + 1)

    log.error("run %s step %s hangs; its worker process ends", run_id, intent.position)
    try:
        persist(own, conclude)
    finally:
        leave()


def linger(own: Ownership, should_stop: Callable[[], bool]) -> bool:
    """A sleep shorter than a ring's way round is slept here, with the run released: whoever comes first takes it. True: look again."""
    if own.sleeps_until is None or own.now is None:
        return False
    rest = (own.sleeps_until - own.now).total_seconds()
    if rest > 2 * settings.ROADWORKS.stop_check.total_seconds():
        return False
    until = time.monotonic() + rest
    while time.monotonic() < until:
        if should_stop():
            return False
        time.sleep(max(0.0, min(0.2, until - time.monotonic())))
    return not should_stop()
