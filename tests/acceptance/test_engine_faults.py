"""Brokers that forget, beats that die or come twice, databases that restart, workers that freeze or must leave: each proves its fault."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection

from portal.bootstrap.processes import Child
from tests import given_starts, servers
from tests.given_calls import QUICK, call, copy_of
from tests.given_runs import people, run_of
from tests.ledger import PATIENCE, Call, Ledger
from tests.workers import Workers
from windows.audit.models import AuditEntry
from windows.delivery.bell import ring
from windows.execution.models import Run
from windows.scheduling.models import Window

Ask = Callable[..., Any]
LEAVES = 3.0  # seconds: how soon a worker that was asked to end is gone once its step has ended
DUE = int(os.environ.get("ROADWORKS_DUE", "5"))  # windows whose time comes while two beats are there


def status(run: Run) -> str:
    return str(Run.objects.values_list("status", flat=True).get(pk=run.pk))


def start_all(workers: Workers, *roles: str) -> None:
    kinds = {"worker": ("execute", 1), "second": ("execute", 1), "sweeper": ("sweep", 1)}
    for role in roles:
        queue, processes = kinds.get(role, ("", 1))
        workers.start(role, queue, processes, wait=False, **QUICK)
    workers.ready()


def test_r_a04_r_a15_a_worker_freezes_past_its_lease_and_another_is_asked_to_leave(
    workers: Workers,
    ledger: Ledger,
    eventually: Ask,
) -> None:
    """SIGSTOP in a step: the second worker takes over, the thawed one writes nothing. SIGTERM in a step: it ends, the run goes on."""
    start_all(workers, "worker", "sweeper", "beat")
    run = run_of(*[call(ledger, "honours") for _ in range(3)], window=copy_of(people(), 1))
    trap = ledger.set_trap("between")
    ring("execution.advance_run", run.pk)
    assert trap.caught.wait(PATIENCE)
    workers.freeze("worker")
    start_all(workers, "second")
    trap.spring()
    eventually(lambda: status(run) == "succeeded")
    trail = AuditEntry.objects.filter(run_id=run.pk).count()
    fences = {c.fence for c in ledger.calls}
    assert len(fences) == 2, "a takeover was seen"
    workers.thaw("worker")
    time.sleep(1.5)  # so long it has to write something: that nothing comes is shown only by waiting
    assert AuditEntry.objects.filter(run_id=run.pk).count() == trail, "the thawed worker wrote nothing"
    assert ledger.effects(run.pk, "forward") == [1, 2, 3]
    assert ledger.take_effect(Call(f"{run.pk}:3:forward", min(fences), "honours", 0.0)) == 409, "the target refuses an old fence"

    workers.kill("worker")
    again = run_of(*[call(ledger, "honours", is_repeatable=False) for _ in range(3)], window=copy_of(people(), 2))
    trap = ledger.set_trap("between")
    ring("execution.advance_run", again.pk)
    assert trap.caught.wait(PATIENCE)
    workers.roles["second"].process.terminate()
    time.sleep(0.5)  # the signal is there before the step ends
    trap.spring()
    began = time.monotonic()
    workers.roles["second"].process.wait(PATIENCE)
    assert time.monotonic() - began < 10 * LEAVES, "it left soon after its step had ended"
    released = Run.objects.get(pk=again.pk)
    assert (released.status, released.lease_until) == ("running", None), "given back between two steps"
    assert ledger.effects(again.pk, "forward") == [1]
    workers.restart("worker")
    eventually(lambda: status(again) == "succeeded")
    assert [c.position for c in ledger.calls if c.run == again.pk] == [1, 2, 3], "nothing was called twice"


def test_r_b01_r_b03_r_b04_the_broker_forgets_the_beat_dies_and_comes_twice(
    workers: Workers,
    ledger: Ledger,
    broker_server: servers.Server,
    eventually: Ask,
) -> None:
    from portal.celery import app

    template = people()
    runs = [run_of(call(ledger, "honours"), window=copy_of(template, n)) for n in range(6)]
    for run in runs:
        assert ring("execution.advance_run", run.pk)
    with app.connection_for_write() as link, link.channel() as channel:
        assert channel.queue_purge("execute") >= 6, "the broker held six rings and has lost them"
    start_all(workers, "worker", "sweeper", "beat")
    eventually(lambda: {status(run) for run in runs} == {"succeeded"})

    workers.kill("beat")
    workers.kill("sweeper")  # it may have a tick in hand
    with app.connection_for_write() as link, link.channel() as channel:
        channel.queue_purge("sweep")
    workers.restart("sweeper")
    late = run_of(call(ledger, "honours"), window=copy_of(template, 7))
    time.sleep(2)  # four ticks of a beat, were there one
    assert status(late) == "running" and not ledger.effects(late.pk, "forward"), "late, not lost"
    workers.restart("beat")
    twin = Child("twin", [sys.executable, "-m", "portal.worker", "beat"], environ={**workers.environ, **QUICK})
    workers.supervisor.spawn(twin)
    eventually(lambda: status(late) == "succeeded")
    again = run_of(*[call(ledger, "honours") for _ in range(9)], window=copy_of(template, 8))
    due = given_starts.all_due(DUE)
    eventually(lambda: status(again) == "succeeded")
    eventually(lambda: Window.objects.filter(pk__in=due, status="running").count() == DUE, seconds=90 + DUE)
    time.sleep(1.5)  # three more ticks of each beat
    assert twin.process.poll() is None, "two beats were there"
    twin.process.kill()
    twin.process.wait()
    assert sorted(Run.objects.filter(window__in=due).values_list("window", flat=True)) == due, "each was started exactly once"
    for kind in ("run.created", "window.started"):
        assert AuditEntry.objects.filter(kind=kind, window__in=[f"MW-{pk}" for pk in due]).count() == DUE, "and the trail tells it once"
    assert [c.position for c in ledger.calls if c.run == again.pk] == list(range(1, 10))
    for run in [*runs, late]:
        assert ledger.effects(run.pk, "forward") == [1]
        assert sum(c.run == run.pk for c in ledger.calls) == 1, "rung often, called once"


@pytest.mark.parametrize("database", ["pg15"], indirect=True)
def test_r_b05_the_database_dies_in_the_middle_of_a_step(
    workers: Workers,
    ledger: Ledger,
    postgres_15: tuple[Any, servers.Server],
    eventually: Ask,
) -> None:
    """kill -9 of the server while the step is under way: its outcome waits, is written once, and nothing is called twice."""
    _, server = postgres_15
    with connection.cursor() as cursor:  # a server for tests trades durability for speed: not here
        cursor.execute("alter database roadworks set synchronous_commit = on")
    start_all(workers, "worker", "sweeper", "beat")
    run = run_of(*[call(ledger, "honours", is_repeatable=False) for _ in range(4)], window=copy_of(people(), 1))
    trap = ledger.set_trap("between", skip=1)
    ring("execution.advance_run", run.pk)
    assert trap.caught.wait(PATIENCE)
    connection.close()
    server.kill()
    assert not server.is_running()
    trap.spring()
    time.sleep(0.5)  # the worker gets its answer while there is no database
    server.start()

    def ended() -> bool:
        try:
            return status(run) in {"succeeded", "held"}
        except DatabaseError:
            connection.close()
            return False

    eventually(ended)
    assert status(run) == "succeeded", Run.objects.get(pk=run.pk).reason
    assert [c.position for c in ledger.calls] == [1, 2, 3, 4]
    assert AuditEntry.objects.filter(run_id=run.pk, kind="step.succeeded").count() == 4


def test_n09_killed_in_the_compensation_of_step_three_of_five(workers: Workers, ledger: Ledger, eventually: Ask) -> None:
    """After the restart 3, 2, 1 are compensated in that order; each effect happens once."""
    start_all(workers, "worker", "sweeper", "beat")
    doors = ["honours", "plain", "honours", "plain", "broken"]
    run = run_of(*[call(ledger, door) for door in doors], window=copy_of(people(), 1))
    trap = ledger.set_trap("between", skip=2, direction="undo")  # 5, 4, then 3
    ring("execution.advance_run", run.pk)
    assert trap.caught.wait(PATIENCE) and trap.call is not None and trap.call.position == 3
    workers.kill("worker")
    trap.spring()
    workers.restart("worker")
    eventually(lambda: status(run) == "rolled_back")
    assert trap.was_cut, "the kill cut the call"
    assert [c.position for c in ledger.calls if c.direction == "undo"] == [5, 4, 3, 3, 2, 1]
    assert ledger.effects(run.pk, "undo") == [5, 4, 3, 2, 1]
    assert [c.position for c in ledger.calls if c.door == "plain"] == [2, 4], "not repeatable: at most once"
    assert Window.objects.get(pk=run.window_id).status == "rolled_back"
