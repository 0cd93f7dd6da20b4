"""The `sql` kind and its port against a real PostgreSQL: one transaction, effect keys, cancelling."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import psycopg
import pytest
from django.conf import settings
from psycopg import sql as compose
from pydantic import ValidationError

from windows.actions.kinds import sql
from windows.actions.outcomes import Done, Failed, Interrupted
from windows.actions.ports import NotAllowed, PortError, Rejected, Stopped, TimedOut, Unreachable
from windows.actions.registry import perform
from windows.execution.ports.sql import Sql
from windows.outbound.limits import Limits

SLACK = 30.0  # a busy machine takes longer, a hang lasts a minute at least


@pytest.fixture(scope="module")
def target(postgres: None) -> Iterator[str]:
    """A database of its own, dropped afterwards."""
    given = settings.DATABASES["default"]
    conninfo = psycopg.conninfo.make_conninfo(
        host=given["HOST"] or None,
        port=given["PORT"] or None,
        user=given["USER"] or None,
        password=given["PASSWORD"] or None,
        dbname="postgres",
    )
    name = compose.Identifier("kind_sql_target")
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(compose.SQL("drop database if exists {} with (force)").format(name))
        admin.execute(compose.SQL("create database {}").format(name))
    yield psycopg.conninfo.make_conninfo(conninfo, dbname="kind_sql_target")
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(compose.SQL("drop database {} with (force)").format(name))


@pytest.fixture
def table(target: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute("drop table if exists orders, roadworks_applied")
        connection.execute("create table orders (id int primary key, note text)")
        yield connection


def port(target: str, seconds: float = 60, stop=lambda: False) -> Sql:
    return Sql(Limits.of(seconds, stop), {"orders": target}, "roadworks MW-1042")


def ctx(target: str, key: str = "1:2:forward", **limits) -> SimpleNamespace:
    return SimpleNamespace(sql=port(target, **limits), idempotency_key=key, log=lambda *_, **__: None, checkpoint={})


def params(*statements: str, **more) -> dict:
    return sql.Params.model_validate({"database": "orders", "statements": list(statements), **more}).model_dump(mode="json")


def count(table: psycopg.Connection) -> int:
    return table.execute("select count(*) from orders").fetchone()[0]


def test_all_statements_or_none(target: str, table) -> None:
    outcome = perform("sql", params("insert into orders values (1, 'a')", "insert into nowhere values (1)"), "run", ctx(target))
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert "nowhere" in outcome.reason
    assert count(table) == 0
    outcome = perform("sql", params("insert into orders values (1, 'a')", "insert into orders values (2, 'b')"), "run", ctx(target))
    assert outcome == Done("2 statements, 2 rows.")
    assert count(table) == 2


def test_values_are_bound_not_pasted(target: str, table) -> None:
    hostile = "'); drop table orders; --"
    outcome = perform("sql", params("insert into orders values (%(id)s, %(note)s)", values={"id": 1, "note": hostile}), "run", ctx(target))
    assert isinstance(outcome, Done)
    assert table.execute("select note from orders").fetchone() == (hostile,)


def test_a_percent_sign_needs_no_care_without_values(target: str, table) -> None:
    assert isinstance(perform("sql", params("insert into orders values (1, '100%')"), "run", ctx(target)), Done)


def test_two_statements_in_one_text_are_refused(target: str, table) -> None:
    assert isinstance(perform("sql", params("insert into orders values (1, 'a'); commit"), "run", ctx(target)), Failed)
    assert count(table) == 0


@pytest.mark.parametrize("text", ["commit", "BEGIN", " start  transaction", "rollback", "end", "savepoint x"])
def test_a_step_does_not_steer_its_transaction(text: str) -> None:
    with pytest.raises(ValidationError, match="one transaction"):
        params(text)


def test_a_hidden_commit_is_found_out(target: str, table) -> None:
    outcome = perform("sql", params("/* */ commit"), "run", ctx(target))
    assert isinstance(outcome, Failed)
    assert "ended the transaction" in outcome.reason


def test_once_is_once(target: str, table) -> None:
    step = params("insert into orders select coalesce(max(id), 0) + 1, 'x' from orders", once=True)
    assert isinstance(perform("sql", step, "run", ctx(target)), Done)
    assert perform("sql", step, "run", ctx(target)) == Done("Was done already by an earlier attempt.")
    assert count(table) == 1
    assert isinstance(perform("sql", step, "run", ctx(target, key="1:3:forward")), Done)
    assert count(table) == 2


def test_once_is_once_in_a_race(target: str, table) -> None:
    step, barrier, outcomes = (
        params("insert into orders select coalesce(max(id), 0) + 1, 'x' from orders", once=True),
        threading.Barrier(6),
        [],
    )

    def race() -> None:
        barrier.wait()
        outcomes.append(perform("sql", step, "run", ctx(target)))

    threads = [threading.Thread(target=race) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert count(table) == 1
    assert [o.note for o in outcomes].count("Was done already by an earlier attempt.") == 5


def test_a_failed_try_keeps_no_key(target: str, table) -> None:
    assert isinstance(perform("sql", params("insert into orders values (1, 1/0::text)", once=True), "run", ctx(target)), Failed)
    assert isinstance(perform("sql", params("insert into orders values (1, 'a')", once=True), "run", ctx(target)), Done)


def test_outside_a_transaction(target: str, table) -> None:
    step = params("create index concurrently orders_note on orders (note)", "vacuum orders", transaction=False)
    assert isinstance(perform("sql", step, "run", ctx(target)), Done)


@pytest.mark.parametrize("in_transaction", [True, False])
def test_r_a06_a_statement_that_hangs_is_cancelled_in_time(target: str, table, in_transaction: bool) -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut):
        port(target, seconds=1).execute("orders", ["select pg_sleep(60)"], in_transaction=in_transaction)
    assert 0.9 <= time.monotonic() - began <= 1 + SLACK
    sleeping = "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()"
    until = time.monotonic() + 120  # a backend whose client has gone takes a moment to go, too
    while table.execute(sleeping).fetchone() != (0,):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_r_a06_a_lock_that_never_comes(target: str, table) -> None:
    with psycopg.connect(target) as rival:
        rival.execute("lock table orders in access exclusive mode")
        with pytest.raises(TimedOut):
            port(target).execute("orders", ["insert into orders values (1, 'a')"], timeout=0.5)
    assert count(table) == 0


def test_it_stops_when_told_and_rolls_back(target: str, table) -> None:
    told = threading.Event()
    threading.Timer(0.5, told.set).start()
    step = params("insert into orders values (1, 'a')", "select pg_sleep(60)")
    began = time.monotonic()
    outcome = perform("sql", step, "run", ctx(target, seconds=60, stop=told.is_set))
    assert isinstance(outcome, Interrupted)
    assert time.monotonic() - began <= 2 + SLACK
    assert count(table) == 0


def test_r_a06_a_server_that_falls_silent_is_cut_off(target: str, table) -> None:
    """Between us and the server stands a relay that stops relaying."""
    given = psycopg.conninfo.conninfo_to_dict(target)
    silent, relay = threading.Event(), socket.create_server(("127.0.0.1", 0))

    def upstream() -> socket.socket:
        if str(given.get("host", "")).startswith("/"):
            found = socket.socket(socket.AF_UNIX)
            found.connect(f"{given['host']}/.s.PGSQL.{given.get('port') or 5432}")
            return found
        return socket.create_connection((given.get("host") or "127.0.0.1", int(given.get("port") or 5432)))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if silent.is_set():
                    return
                sink.sendall(data)
        except OSError:
            pass

    opened: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                near, _ = relay.accept()
            except OSError:
                return
            far = upstream()
            opened.extend([near, far])
            for ends in ((near, far), (far, near)):
                threading.Thread(target=pump, args=ends, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    through = psycopg.conninfo.make_conninfo(target, host="127.0.0.1", port=relay.getsockname()[1], sslmode="disable")
    threading.Timer(0.5, silent.set).start()
    began = time.monotonic()
    with pytest.raises((TimedOut, Unreachable)):
        port(through, seconds=2).execute("orders", ["select pg_sleep(1)", "select pg_sleep(60)"])
    assert silent.is_set()
    assert time.monotonic() - began <= 2 + SLACK
    for each in [relay, *opened]:
        each.close()


def test_a_scalar_is_one_value_read_only(target: str, table) -> None:
    assert port(target).scalar("orders", "select 41 + 1") == 42
    for query in ("select 1, 2", "select generate_series(1, 2)", "select 1 where false", "insert into orders values (1, 'a') returning id"):
        with pytest.raises(PortError):
            port(target).scalar("orders", query)
    assert count(table) == 0


def test_databases_are_known_by_name_only(target: str) -> None:
    with pytest.raises(NotAllowed, match="TARGET_DATABASE_LEDGER"):
        port(target).execute("ledger", ["select 1"])
    with pytest.raises(Unreachable):
        Sql(Limits.of(5, lambda: False), {"orders": "postgresql://127.0.0.1:1/x"}, "x").execute("orders", ["select 1"])
    with pytest.raises(Stopped):
        port(target, stop=lambda: True).execute("orders", ["select 1"])
    with pytest.raises(Rejected):
        port(target).execute("orders", ["selct 1"])


def test_r_a10_what_somebody_changed_meanwhile_is_not_overwritten(target: str, table) -> None:
    undo = params("delete from orders", expect={"query": "select count(*) from orders", "is": 1})
    table.execute("insert into orders values (1, 'ours'), (2, 'a stranger''s')")
    outcome = perform("sql", undo, "run", ctx(target))
    assert isinstance(outcome, Failed)
    assert outcome.permanent, "the run is stuck and pages; trying again cannot help"
    assert "2 was found, 1 was left there" in outcome.reason
    assert count(table) == 2
    table.execute("delete from orders where id = 2")
    assert isinstance(perform("sql", undo, "run", ctx(target)), Done)
    assert count(table) == 0
    nothing = params("delete from orders", expect={"query": "select id from orders", "is": 1})
    assert "no rows was found" in perform("sql", nothing, "run", ctx(target)).reason


def test_r_a10_an_expectation_holds_for_the_statements_of_its_transaction() -> None:
    with pytest.raises(ValidationError, match="transaction"):
        params("vacuum", transaction=False, expect={"query": "select 1", "is": 1})
