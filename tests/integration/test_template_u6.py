"""U6 for real: pg_dump of a database that is written all the time, restored beside it, compared row by row; and a copy that differs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.given_templates import TEMPLATES, carried_out, outcomes
from tests.measured import again_and_again
from windows.execution.models import Run
from windows.runbooks.spec import parse, resolve

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAM = Path(__file__).parents[2] / "examples" / "commands" / "backup-verification"
TEXT = (TEMPLATES / "u6-backup-restore.yaml").read_text()
GATED = "  - name: The copy has its rows\n"
SPOIL = (
    "  - name: Lose a row\n    sql: {database: restored, statements: [delete from orders where id = 77]}\n"
    "    undo: none\n    because: The copy is thrown away.\n"
)
ROWS = 2000


@dataclass
class Place:
    source: str
    copy: str
    folder: Path

    def ask(self, address: str, query: str) -> Any:
        with psycopg.connect(address) as connection:
            return connection.execute(query).fetchone()[0]


@pytest.fixture(scope="module")
def databases(postgres_15) -> tuple[str, str]:
    cluster, _ = postgres_15
    with psycopg.connect(cluster.url, autocommit=True) as admin:
        for name in ("u6_orders", "u6_restored"):
            admin.execute(f"drop database if exists {name}")
            admin.execute(f"create database {name}")
    source, copy = (cluster.address("roadworks", name) for name in ("u6_orders", "u6_restored"))
    with psycopg.connect(source) as admin:
        admin.execute("create table orders (id bigint generated always as identity primary key, price numeric, note text)")
        admin.execute("insert into orders (price, note) select n / 7.0, md5(n::text) from generate_series(1, %s) n", [ROWS])
    return source, copy


@pytest.fixture
def place(databases: tuple[str, str], tmp_path: Path, settings: Any) -> Iterator[Place]:
    source, copy = databases
    commands = tmp_path / "commands"
    commands.mkdir()
    shutil.copy(PROGRAM, commands)
    (commands / "backup-verification.conf").write_text(f"SOURCE='{source}'\nCOPY='{copy}'\nPROGRAMS=/usr/lib/postgresql/15/bin\n")
    settings.COMMANDS_DIR, settings.TARGET_DATABASES = commands, {"orders": source, "restored": copy}
    yield Place(source, copy, tmp_path / "backups")


def verified(place: Place, text: str) -> Run:
    def write() -> None:
        with psycopg.connect(place.source) as own:
            own.execute("insert into orders (price, note) values (1, 'while it is dumped')")

    told = {"copy": "restored", "folder": str(place.folder), "least": ROWS - 10, "wait_ms": 60000}
    with again_and_again(write):
        return carried_out(resolve(parse(text), told))


def test_u6_the_copy_is_what_was_dumped(place: Place) -> None:
    run = verified(place, TEXT)
    assert run.status == "succeeded", (run.reason, outcomes(run))
    assert (place.folder / "verification.dump" / "toc.dat").exists(), "the dump stays"
    assert place.ask(place.copy, "select count(*) from pg_tables where schemaname = 'public'") == 0, "the copy does not"
    assert place.ask(place.source, "select count(*) from restores where ended_at > began_at") == 1


def test_u6_a_copy_that_differs_is_seen_and_nothing_is_left_of_it(place: Place) -> None:
    run = verified(place, TEXT.replace(GATED, f"{SPOIL}{GATED}"))
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "The restored copy differs from what was dumped" in run.reason
    assert not (place.folder / "verification.dump").exists()
    assert place.ask(place.copy, "select count(*) from pg_tables where schemaname = 'public'") == 0
    assert place.ask(place.source, "select count(*) from orders") > ROWS
