"""A broker that freezes for longer than anybody waits for it, and thaws (R-B2): runs are taken again, and meanwhile nobody is held up."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from portal.celery import REDIS_OPTIONS, app
from portal.dashboards.queues import length_of
from tests import servers
from tests.given_calls import call, copy_of
from tests.given_runs import people, run_of
from tests.ledger import Ledger
from tests.workers import Workers
from windows.delivery import bell
from windows.execution.models import Run

LONGER = float(REDIS_OPTIONS["socket_timeout"]) + 3  # seconds
FREEZES, FROZEN = int(os.environ.get("ROADWORKS_FREEZES", "1")), float(os.environ.get("ROADWORKS_FREEZE", LONGER))
BROKERS = pytest.mark.parametrize("broker_server", ["valkey", "rabbitmq"], indirect=True)


@contextmanager
def pools_frozen(workers: Workers, *roles: str) -> Iterator[None]:
    """A worker goes on taking messages, and none is begun: their acknowledgements are still to come."""
    pids = [pid for role in roles for pid in workers.pool(role)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def waiting(queue: str) -> int:
    with app.connection_for_read() as link:
        return length_of(link, queue)


def ended(*runs: Run) -> bool:
    return Run.objects.filter(pk__in=[run.pk for run in runs], status="succeeded").count() == len(runs)


def state_of(run: Run) -> list[Any]:
    found = Run.objects.get(pk=run.pk)
    return [found.status, found.reason, found.fence, found.lease_until, *found.steps.values_list("status", "outcome")]


def await_end(eventually: Callable[..., Any], *runs: Run) -> None:
    try:
        eventually(lambda: ended(*runs))
    except AssertionError as late:
        raise AssertionError(f"{late}: {[state_of(run) for run in runs]}") from None


@BROKERS
def test_r_b02_a_broker_that_freezes_while_messages_are_acknowledged(
    company: Workers,
    ledger: Ledger,
    broker_server: servers.Server,
    eventually: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every process of every worker has just taken a message when the broker freezes: each of their acknowledgements gets no answer."""
    monkeypatch.setattr(bell, "EXPIRES", 60)  # on a busy machine five seconds go by before the processes go on
    template = people()
    await_end(eventually, run_of(call(ledger, "honours"), window=copy_of(template, 99)))  # every process is up: a tick has rung it
    eventually(lambda: not waiting("execute"))
    with pools_frozen(company, "worker", "sweeper"):  # no tick rings what is made now: there are as many messages as processes
        first = [run_of(call(ledger, "honours"), window=copy_of(template, n)) for n in range(2)]
        for run in first:
            assert bell.ring("execution.advance_run", run.pk)
        eventually(lambda: not waiting("execute"))
        time.sleep(1.5)  # a tick, and one more that is not taken, for the sweeper
        broker_server.freeze()
    try:
        await_end(eventually, *first)  # what has been taken is done
        began = time.monotonic()
        late = run_of(*[call(ledger, "honours") for _ in range(2)], window=copy_of(template, 3))
        assert bell.ring("execution.advance_run", late.pk) is False
        assert time.monotonic() - began < LONGER, "whoever rings is not held up"
        time.sleep(LONGER)  # so long as anybody waits for it
    finally:
        broker_server.thaw()
    await_end(eventually, late)
    many = [run_of(*[call(ledger, "honours") for _ in range(3)], window=copy_of(template, n)) for n in range(4, 10)]
    await_end(eventually, *many)
    for run in [*first, late, *many]:
        assert sorted(each.position for each in ledger.calls if each.run == run.pk) == ledger.effects(run.pk, "forward")


@BROKERS
def test_r_b02_a_broker_that_freezes_at_any_instant_while_runs_go_on(
    company: Workers, ledger: Ledger, broker_server: servers.Server, eventually: Callable[..., Any]
) -> None:
    """ROADWORKS_FREEZES says how often, ROADWORKS_FREEZE for how many seconds."""
    template, dice = people(), random.Random(5)
    for turn in range(FREEZES):
        runs = [run_of(*[call(ledger, "honours") for _ in range(3)], window=copy_of(template, 10 * turn + n)) for n in range(6)]
        for run in runs:
            bell.ring("execution.advance_run", run.pk)
        time.sleep(dice.uniform(0, 1))
        broker_server.freeze()
        try:
            time.sleep(FROZEN)
        finally:
            broker_server.thaw()
        late = run_of(call(ledger, "honours"), window=copy_of(template, 10 * turn + 6))
        await_end(eventually, *runs, late)
