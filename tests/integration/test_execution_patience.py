"""The database goes away while a step acts: the step goes on, nothing is said twice, nothing is set twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.db import OperationalError, connection

from tests import given_windows as given
from tests.given_runs import run_of, step
from windows.access.roles import Role
from windows.actions.gates import Answer, Reading, Verdict
from windows.actions.ports import Changed, FlagAddress, TimedOut
from windows.execution.intent import Intent
from windows.execution.models import GateReading, StepLog, StepRun, clock
from windows.execution.ports import flags as flags_port
from windows.execution.ports.context import StepContext, build
from windows.execution.ports.patience import patiently
from windows.flags.models import Flag, FlagVersion
from windows.outbound.limits import Limits

ADDRESS = FlagAddress("orders", "production")


@pytest.fixture
def cut(transactional_db: None) -> Callable[[], None]:
    """Ends our own session at the server, from another one."""
    given_by = connection.get_connection_params()
    address = psycopg.conninfo.make_conninfo(**{n: given_by[n] for n in ("host", "port", "user", "password", "dbname") if given_by.get(n)})

    def end_session() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with psycopg.connect(address, autocommit=True) as other:
            assert other.execute("select pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (True,)

    return end_session


@pytest.fixture
def ctx(transactional_db: None) -> StepContext:
    run = run_of(step(), window=given.window(given.actor("olga", ("shop", Role.OWNER))))
    intent = Intent(
        run_id=run.pk,
        position=1,
        direction="forward",
        fence=1,
        attempt=1,
        deadline=clock() + timedelta(seconds=300),
        kind="act",
        verb="run",
        params={},
        checkpoint={},
        interruptible=True,
    )
    return build(StepRun.objects.get(run=run), run, intent, lambda: False)


def test_the_fault_is_one(cut) -> None:
    cut()
    with pytest.raises(OperationalError):
        StepLog.objects.count()
    connection.close()


def test_lines_readings_and_flags_wait_for_the_database(ctx: StepContext, cut) -> None:
    cut()
    ctx.log("one")
    cut()
    ctx.measured("gate", Reading(1.0), Verdict(Answer.PASS, "1 > 0"))
    cut()
    assert ctx.flags.current(ADDRESS).version == 0
    cut()
    ctx.flags.set(ADDRESS, "read_only", {}, expected=0)
    cut()
    assert ctx.now() > ctx.began[0]  # the clock needs no database
    connection.close()
    assert list(StepLog.objects.values_list("text", flat=True)) == ["one"]
    assert GateReading.objects.count() == FlagVersion.objects.count() == 1


def test_a_flag_whose_commit_was_not_answered_is_found_set(ctx: StepContext, cut, monkeypatch) -> None:
    real, cuts = flags_port.set_flag, []

    def committed_and_lost(*args: object, **more: object) -> object:
        made = real(*args, **more)
        if not cuts:
            cuts.append(made)
            raise OperationalError("server closed the connection unexpectedly")
        return made

    monkeypatch.setattr(flags_port, "set_flag", committed_and_lost)
    state = ctx.flags.set(ADDRESS, "read_only", {}, expected=0)
    assert cuts
    assert (state.version, state.global_version) == (1, cuts[0].global_version)
    assert Flag.objects.get().version == 1
    with pytest.raises(Changed):
        ctx.flags.set(ADDRESS, "offline", {}, expected=0)


def test_patience_ends_with_the_deadline() -> None:
    tries: list[int] = []

    def away() -> None:
        tries.append(threading.get_ident())
        raise OperationalError("gone")

    with pytest.raises(TimedOut, match="database"):
        patiently(away, Limits.of(0.7, lambda: False))
    assert len(tries) >= 2
