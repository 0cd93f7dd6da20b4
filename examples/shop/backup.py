"""Backups of the shop's database: one when the shop opens, and one every six hours while it is open.

A backup counts once it was read back: only then is it a row of the table `backups`, which the runbooks' `backup_check` asks.
"""

from __future__ import annotations

import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from portal.bootstrap.processes import Failed
from portal.bootstrap.programs import find_binaries

EVERY = timedelta(hours=6)
KEPT = 4  # newest dumps, and their rows
PATIENCE = 60  # seconds for one program; a dump takes a tenth of one
TABLE = "select to_regclass('backups') is not null"
RECORD = "insert into backups (path, bytes) values (%s, %s)"
FORGET = "delete from backups where path in (select path from backups order by finished_at desc offset %s)"


class Backups(threading.Thread):
    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(name="backups", daemon=True)
        self.url, self.folder, self.ended = url, folder, threading.Event()

    def run(self) -> None:
        wait = timedelta()
        while not self.ended.wait(wait.total_seconds()):
            wait = EVERY
            try:
                if not has_table(self.url):  # the replicas, which make it, start beside us
                    wait = timedelta(seconds=1)
                    continue
                print(f"backup: {back_up(self.url, self.folder)}", flush=True)  # noqa: T201
            except (Failed, OSError, subprocess.SubprocessError, psycopg.Error) as error:
                wait = timedelta(seconds=10)
                print(f"{datetime.now(UTC):%H:%M:%S} no backup was taken: {error}", flush=True)  # noqa: T201


def back_up(url: str, folder: Path) -> Path:
    """Dump the whole database, read the dump to its end, put it on record, let go of old ones; the dump's path."""
    folder.mkdir(mode=0o700, exist_ok=True)
    dump = folder / f"shop-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.dump"
    try:
        program("pg_dump", "--format=custom", "--lock-wait-timeout=2s", f"--file={dump}", url)
        program("pg_restore", "--file=/dev/null", str(dump))
        with psycopg.connect(url) as connection:
            connection.execute(RECORD, [str(dump), dump.stat().st_size])
            connection.execute(FORGET, [KEPT])
            kept = {str(path) for (path,) in connection.execute("select path from backups")}
    except BaseException:
        dump.unlink(missing_ok=True)
        raise
    for found in folder.glob("*.dump"):
        if str(found) not in kept:  # old, or cut short when the shop was closed
            found.unlink()
    return dump


def has_table(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute(TABLE).fetchone() == (True,)


def program(name: str, *arguments: str) -> None:
    """A program of PostgreSQL's, from the folder of the server's own: an older pg_dump refuses a newer server."""
    done = subprocess.run([find_binaries() / name, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise Failed(f"{name} failed: {done.stderr.strip()}")
