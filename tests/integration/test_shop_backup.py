"""The example's backups: whole enough to restore from, on record only when readable, and what its runbooks ask about."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql as compose

from examples.shop import backup
from examples.shop.store import Store
from portal.bootstrap import testing
from portal.bootstrap.processes import Failed
from portal.bootstrap.programs import find_binaries
from tests.shops import ROOT, until
from windows.actions.gates import Answer
from windows.execution.checks.backup import judge
from windows.runbooks.spec import parse

COUNTS = "select (select count(*) from orders), (select count(*) from order_lines), (select count(*) from baskets)"


@pytest.fixture
def databases(postgres: None) -> Iterator[tuple[str, str]]:
    """The shop's database, filled, and an empty one."""
    server, names = testing.GIVEN or testing.cluster.url, ("shop_backup", "shop_restored")
    with psycopg.connect(server, autocommit=True) as admin:
        for name in names:
            admin.execute(compose.SQL("create database {}").format(compose.Identifier(name)))
        full, empty = (psycopg.conninfo.make_conninfo(server, dbname=name) for name in names)
        try:
            store = Store(full)
            store.open()
            store.close()
            yield full, empty
        finally:
            for name in names:
                admin.execute(compose.SQL("drop database {} with (force)").format(compose.Identifier(name)))


def on_record(url: str) -> list[tuple[str, int]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select path, bytes from backups order by finished_at").fetchall()


def test_a_backup_restores_to_what_there_was(databases: tuple[str, str], tmp_path: Path) -> None:
    full, empty = databases
    dump = backup.back_up(full, tmp_path / "backups")
    assert on_record(full) == [(str(dump), dump.stat().st_size)]
    assert dump.parent.stat().st_mode & 0o777 == 0o700
    restored = [find_binaries() / "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={empty}", dump]
    subprocess.run(restored, check=True, capture_output=True)
    with psycopg.connect(full) as before, psycopg.connect(empty) as after:
        counted = after.execute(COUNTS).fetchone()
        assert counted == before.execute(COUNTS).fetchone() == (5000, 5000, 5000)


def test_one_that_cannot_be_read_to_its_end_is_not_on_record(
    databases: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, cut = backup.program, []

    def cutting(name: str, *arguments: str) -> None:
        really(name, *arguments)
        if name == "pg_dump":
            (dump,) = tmp_path.glob("*.dump")
            with dump.open("r+b") as file:
                file.truncate(dump.stat().st_size // 2)
            cut.append(dump)

    monkeypatch.setattr(backup, "program", cutting)
    with pytest.raises(Failed, match="pg_restore failed"):
        backup.back_up(databases[0], tmp_path)
    assert cut and not list(tmp_path.iterdir()) and on_record(databases[0]) == []


def test_few_are_kept_and_what_is_not_on_record_goes(databases: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "shop-cut-short.dump").write_bytes(b"PGDMP")
    taken = [backup.back_up(databases[0], tmp_path) for _ in range(backup.KEPT + 1)]
    assert [path for path, _ in on_record(databases[0])] == [str(path) for path in taken[1:]]
    assert sorted(tmp_path.iterdir()) == taken[1:]


def test_the_open_shop_has_one_and_its_runbooks_find_it(databases: tuple[str, str], tmp_path: Path) -> None:
    with psycopg.connect(databases[0], autocommit=True) as connection:
        connection.execute("drop table backups")  # as before a replica came up
        backups = backup.Backups(databases[0], tmp_path)
        backups.start()
        store = Store(databases[0])
        store.open()
        store.close()
        until(lambda: on_record(databases[0]), "the first backup")
        backups.ended.set()
        backups.join(120)
        for path in sorted((ROOT / "examples" / "runbooks").glob("*-migration.yaml")):  # those that change data
            asked = parse(path.read_text()).backup_check
            assert asked and asked.database == "orders"
            row = connection.execute(asked.query.encode()).fetchone()
            assert row and judge(asked, row[0], datetime.now(UTC)).verdict is Answer.PASS, path.name
