"""The `credential` kind against a real PostgreSQL that asks for passwords: least privilege, for the window only, stored nowhere."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from pydantic import ValidationError

from portal.bootstrap.postgres import Cluster
from tests.given_runs import run_of, step
from tests.kind_context import FakeContext
from tests.servers import Server
from windows.access.roles import ENGINE
from windows.actions.kinds import credential
from windows.actions.outcomes import Done, Outcome
from windows.actions.ports import NotAllowed
from windows.actions.registry import perform
from windows.audit.queries import trail
from windows.delivery.models import Message
from windows.execution import reconciling
from windows.execution.commands.transitions import become
from windows.execution.models import Run, Surface, clock
from windows.execution.ports.command import Command
from windows.execution.ports.credentials import libpq, login, password_of
from windows.execution.ports.limits import Limits
from windows.execution.ports.sql import Sql
from windows.execution.ports.surfaces import Surfaces
from windows.execution.states import RunStatus

pytestmark = pytest.mark.django_db(transaction=True)
GOOD: dict[str, Any] = {"name": "backfill", "database": "orders", "tables": {"orders": ["select", "update"]}}
TABLES = "create table orders (id int primary key, note text); insert into orders values (1, 'a'); create table secrets (id int)"


@pytest.fixture(scope="module")
def admin(postgres_15: tuple[Cluster, Server]) -> Iterator[str]:
    """Two databases on the server whose every user but its owner must give a password."""
    cluster, _ = postgres_15
    rules = cluster.data / "pg_hba.conf"
    before = rules.read_text()
    where = psycopg.conninfo.make_conninfo(host=str(cluster.sockets), user="roadworks")
    rules.write_text(f"local all roadworks trust\nlocal orders_cred,mail_cred all scram-sha-256\n{before}")
    with psycopg.connect(where, dbname="postgres", autocommit=True) as there:
        there.execute("select pg_reload_conf()")
        for name in ("orders_cred", "mail_cred"):
            there.execute(f"create database {name}")
            with psycopg.connect(where, dbname=name, autocommit=True) as inside:
                inside.execute(TABLES)
    yield where
    rules.write_text(before)
    with psycopg.connect(where, dbname="postgres", autocommit=True) as there:
        there.execute("drop database orders_cred with (force)")
        there.execute("drop database mail_cred with (force)")
        there.execute("select pg_reload_conf()")


@pytest.fixture
def run(admin: str, settings: Any) -> Iterator[Run]:
    address = psycopg.conninfo.make_conninfo(admin, dbname="orders_cred")
    settings.TARGET_DATABASES = {"orders": address}
    made = run_of(step())
    yield made
    settings.TARGET_DATABASES = {"orders": address}
    for row in Surface.objects.filter(kind="credential"):
        with suppress(psycopg.Error):
            reconciling.adapter("credential").end(row, Limits.of(5, lambda: False))


def act(run: Run, verb: str = "run", **given: Any) -> Outcome:
    told = credential.Params.model_validate({**GOOD, **given}).model_dump(mode="json")
    ctx = FakeContext(surfaces=Surfaces(run, Limits.of(10, lambda: False)), tags={"maintenance.window": run.window.reference})
    return perform("credential", told, verb, ctx)


def enter(admin: str, row: Surface, database: str = "orders_cred", password: str = "") -> psycopg.Connection:
    return psycopg.connect(admin, dbname=database, user=row.desired["role"], password=password or password_of(row), autocommit=True)


def ended(run: Run) -> None:
    with transaction.atomic():
        for status in (RunStatus.VALIDATING, RunStatus.SUCCEEDED):
            become(run, status, ENGINE, reason="done", now=clock())


def test_r_s20_it_may_do_what_was_named_and_nothing_else(run: Run, admin: str) -> None:
    assert isinstance(act(run), Done)
    row = Surface.objects.get(kind="credential")
    with enter(admin, row) as inside:
        assert inside.execute("update orders set note = 'b' where id = 1").rowcount == 1
        for refused in ("delete from orders", "select * from secrets", "create table mine (id int)", "create role friend"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                inside.execute(refused)
    with enter(admin, row, "mail_cred") as elsewhere, pytest.raises(psycopg.errors.InsufficientPrivilege):
        elsewhere.execute("select * from orders")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        enter(admin, row, password="guessed")


def test_r_s20_nobody_enters_after_the_end_and_whoever_is_in_is_out(run: Run, admin: str) -> None:
    act(run)
    row = Surface.objects.get(kind="credential")
    inside = enter(admin, row)
    ended(run)
    reconciling.reconcile(reconciling.due(clock())[0][0])
    with pytest.raises(psycopg.OperationalError):
        inside.execute("select 1")
    with pytest.raises(psycopg.OperationalError):
        enter(admin, row)
    row.refresh_from_db()
    assert row.status == "ended"
    assert "1 of its sessions was cut" in row.observed_note
    with psycopg.connect(admin, dbname="orders_cred") as there:
        assert there.execute("select count(*) from pg_roles where rolname like 'roadworks_mw%'").fetchone() == (0,)


def test_r_s20_it_expires_by_itself_where_nobody_of_us_is_left(run: Run, admin: str) -> None:
    Run.objects.filter(pk=run.pk).update(window_ends_at=clock() - timedelta(seconds=1))
    run.refresh_from_db()
    act(run)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        enter(admin, Surface.objects.get(kind="credential"))


def test_r_s20_its_password_is_nowhere_in_clear(run: Run, admin: str, postgres_15: tuple[Cluster, Server]) -> None:
    with psycopg.connect(admin, dbname="postgres", autocommit=True) as there:
        there.execute("alter system set log_statement = 'all'")
        there.execute("select pg_reload_conf()")
    act(run)
    row = Surface.objects.get(kind="credential")
    enter(admin, row).close()
    secret = password_of(row)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'select count(*) from "{table}" t where t::text like %s', [f"%{secret}%"])
            assert cursor.fetchone() == (0,), table
    _, server = postgres_15
    assert subprocess.run(["grep", "-rq", "alter role", str(server.supervisor.logs)], check=False).returncode == 0
    assert subprocess.run(["grep", "-rq", secret, str(server.supervisor.logs)], check=False).returncode == 1


def test_a_sql_step_uses_it_by_name_and_every_use_is_told(run: Run, admin: str, settings: Any) -> None:
    act(run)
    port = Sql(
        Limits.of(5, lambda: False), settings.TARGET_DATABASES, "a step", lambda name, database: login(run, "Backfill", name, database)
    )
    port.execute("orders", ["update orders set note = 'c'"], credential="backfill")
    with pytest.raises(Exception, match="permission denied"):
        port.execute("orders", ["delete from orders"], credential="backfill")
    with pytest.raises(Exception, match="holds no credential “other”"):
        port.execute("orders", ["select 1"], credential="other")
    used = [entry for entry in trail(window=run.window.reference) if entry.kind == "credential.used"]
    assert [entry.data["step"] for entry in used] == ["Backfill", "Backfill"]


def test_r_s20_a_command_step_finds_it_as_libpq_does_and_its_password_is_nowhere(run: Run, admin: str, tmp_path: Path) -> None:
    act(run)
    text = (
        "#!/bin/sh\npsql -Atqc \"update orders set note = 'd' returning note\" && psql -Atqc 'select current_user'"
        " && ! psql -qc 'delete from orders' && env | grep -v ^PGPASSFILE && cat $PGPASSFILE"
    )
    (tmp_path / "backfill").write_text(text)
    (tmp_path / "backfill").chmod(0o755)
    lines: list[str] = []
    port = Command(Limits.of(60, lambda: False), tmp_path, {}, lines.extend, lambda name: libpq(run, "Backfill", name))
    row, said = Surface.objects.get(kind="credential"), port.run("backfill", [], credential="backfill")
    assert said.code == 0 and lines[:2] == ["d", row.desired["role"]], lines
    assert any("permission denied" in line for line in lines)
    assert "*:*:*:*:•••" in lines, "what it prints of the password is blotted out"
    assert not any(password_of(row) in line for line in lines) and password_of(row) not in said.output
    with pytest.raises(NotAllowed, match="holds no credential “other”"):
        port.run("backfill", [], credential="other")
    used = [entry.data["step"] for entry in trail(window=run.window.reference) if entry.kind == "credential.used"]
    assert used == ["Backfill"]


def test_what_somebody_adds_to_it_is_taken_away_again(run: Run, admin: str) -> None:
    act(run)
    row = Surface.objects.get(kind="credential")
    with psycopg.connect(admin, dbname="orders_cred", autocommit=True) as there:
        there.execute(f"grant delete on orders to {row.desired['role']}")
        there.execute(f"alter role {row.desired['role']} valid until 'infinity' createrole")
    Surface.objects.update(due_at=clock())
    reconciling.reconcile(row.pk)
    row.refresh_from_db()
    assert row.status == "in_place"
    assert row.drift["elevated"] is True
    assert row.drift["tables"] == {"public.orders": ["delete", "select", "update"]}
    assert row.observed["tables"] == {"public.orders": ["select", "update"]}


def test_f06_a_credential_that_outlives_its_window_pages(run: Run, settings: Any) -> None:
    act(run)
    ended(run)
    settings.TARGET_DATABASES = {"orders": "host=/nowhere dbname=orders_cred"}
    reconciling.reconcile(Surface.objects.get(kind="credential").pk)
    row = Surface.objects.get(kind="credential")
    assert row.status == "drifted"
    assert "could not be ended yet" in row.observed_note
    paged = Message.objects.filter(title__contains="its credential backfill has not")
    assert paged.exists()


def test_undoing_the_step_takes_it_away(run: Run) -> None:
    act(run)
    assert act(run, "compensate") == Done("The credential is gone.")
    assert act(run, "compensate") == Done("It was never there.")


@pytest.mark.parametrize(
    "given",
    [
        {"tables": {}},
        {"tables": {"orders": []}},
        {"tables": {"orders": ["truncate"]}},
        {"tables": {"a; drop": ["select"]}},
        {"name": "x" * 40},
    ],
)
def test_x08_broad_access_cannot_be_written(given: dict) -> None:
    with pytest.raises(ValidationError):
        credential.Params.model_validate({**GOOD, **given})
