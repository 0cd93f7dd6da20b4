"""A database that is slow, locked, cut off in the middle of a commit, restored, taken back a version: what people are told, what stands."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader

from portal import settings as ours
from portal.api import idempotency
from portal.bootstrap.postgres import Cluster
from tests import given_windows as given
from tests.callers import Caller, token_of
from tests.conftest import database_at
from tests.flag_servers import Wire
from tests.servers import Server
from windows.access.roles import Actor, Role
from windows.audit.commands import seal
from windows.audit.models import AuditEntry
from windows.catalogue.models import Environment
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root() -> Actor:
    return given.actor("root", ("ops", Role.SRE), administrator=True)


@pytest.fixture
def as_web(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's connections are made as those of a web process, with less patience."""
    options = dict(connection.settings_dict["OPTIONS"])
    monkeypatch.setitem(ours.DATABASES, "default", {**ours.DATABASES["default"], "OPTIONS": options})
    monkeypatch.setattr(ours, "WEB_PATIENCE", {"lock_timeout": "300ms", "statement_timeout": "900ms"})
    ours.impatient()
    with database_at({"OPTIONS": options}):
        yield


def test_r_b07_a_lock_that_somebody_holds_is_a_503_and_no_hang(root: Actor, as_web: None) -> None:
    api = Caller(token_of(root))
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("lock table catalogue_environment in access exclusive mode")
        began = time.monotonic()
        refused = api.post("/environments", {"slug": "staging", "name": "Staging"}, Idempotency_Key="one")
        assert time.monotonic() - began < 60, "it came back while the lock was held"
    assert refused.status_code == 503 and refused["Retry-After"] == "2", refused.content
    assert json.loads(refused.content)["type"] == "/problems/unavailable"
    made = api.post("/environments", {"slug": "staging", "name": "Staging"}, Idempotency_Key="one")
    assert made.status_code == 201, "the same request, once the lock is gone"


def test_r_b07_a_query_that_takes_too_long_is_ended(as_web: None) -> None:
    with connection.cursor() as cursor:
        with pytest.raises(Exception, match="statement timeout"):
            cursor.execute("select pg_sleep(60)")
        cursor.execute("select current_setting('lock_timeout')")
        assert cursor.fetchone() == ("300ms",)


def test_r_b07_the_web_process_is_the_one_that_does_not_wait() -> None:
    asks = "from django.db import connection as c; x = c.cursor(); x.execute('show statement_timeout'); print(x.fetchone())"
    told = {**os.environ, "DATABASE_URL": make_conninfo_url()}
    said = subprocess.run([sys.executable, "-c", f"import portal.wsgi; {asks}"], env=told, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "('20s',)"


def make_conninfo_url() -> str:
    where = connection.settings_dict
    return f"postgresql://{where['USER']}@/{where['NAME']}?host={where['HOST']}&port={where['PORT'] or 5432}"


class Lossy(Wire):
    """A wire that breaks when the `armed`-th COMMIT has been carried out and before its answer has come back. New ones work."""

    armed, lost, breaks = 0, 0, False

    async def _pump(self, source: Any, sink: Any, said: bool) -> None:
        while data := await source.read(65536):
            if not said and self.breaks:
                self.breaks, self.lost = False, self.lost + 1
                return  # the server has answered: it is committed, and nobody hears of it
            if said and re.search(rb"COMMIT\x00", data, re.IGNORECASE) and self.armed:
                self.armed -= 1
                self.breaks = self.armed == 0
            sink.write(data)
            await sink.drain()


@pytest.fixture
def wire() -> Iterator[Lossy]:
    made = Lossy(connection.settings_dict)
    yield made
    made.close()


def test_r_b08_a_commit_whose_answer_was_lost_is_not_done_twice(root: Actor, wire: Lossy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off after each commit of a request in turn: the same request with its key makes no second environment, and says what became
    of the first."""
    monkeypatch.setattr(idempotency, "ABANDONED", 0)
    raw, broken = token_of(root), 0
    with database_at({"HOST": str(wire.folder), "PORT": "5432"}):
        for nth in range(1, 4):
            body, key = {"slug": f"e{nth}", "name": "One"}, f"key-{nth}"
            wire.lost, wire.armed = 0, nth
            first = Caller(raw).post("/environments", body, Idempotency_Key=key)
            was_lost, wire.armed = wire.lost, 0
            connections.close_all()
            again = Caller(raw).post("/environments", body, Idempotency_Key=key)
            assert Environment.objects.filter(slug=body["slug"]).count() == 1, (nth, first.content, again.content)
            entries = AuditEntry.objects.filter(kind="environment.created", subject__contains=body["slug"]).count()
            assert entries <= 1, nth
            assert again.status_code in {201, 409}, again.content
            if was_lost:
                broken += 1
                assert first.status_code == 503, (nth, first.content)
                if again.status_code == 409:
                    assert json.loads(again.content)["type"] in {"/problems/done-already", "/problems/conflict"}, again.content
    assert broken, "some commit's answer was lost"


@pytest.mark.parametrize("database", ["pg15"], indirect=True)
def test_r_b10_r_b11_a_restored_copy_is_whole_and_goes_back_a_version_and_forth_again(
    database: str, postgres_15: tuple[Cluster, Server]
) -> None:
    """pg_dump, a new database, pg_restore: the trail verifies, every constraint holds, the copy refuses what the original refuses. Then
    the latest migration of each slice is taken back over living rows and carried out again: nothing is lost."""
    cluster, _ = postgres_15
    olga = given.actor("olga", ("shop", Role.OWNER))
    windows = [given.window(olga, starts_at=given.soon(24 + n)) for n in range(3)]
    while seal():
        pass
    programs, where = "/usr/lib/postgresql/15/bin", ["-h", str(cluster.sockets), "-U", "roadworks"]
    dump = cluster.sockets.parent / "r_b10.dump"
    subprocess.run([f"{programs}/pg_dump", *where, "-Fc", "-f", str(dump), "roadworks"], check=True)
    with psycopg.connect(host=str(cluster.sockets), user="roadworks", dbname="postgres", autocommit=True) as admin:
        admin.execute("drop database if exists restored with (force)")
        admin.execute("create database restored")
    began = time.monotonic()
    subprocess.run([f"{programs}/pg_restore", *where, "--exit-on-error", "-d", "restored", str(dump)], check=True)
    print(f"restored in {time.monotonic() - began:.1f} s")
    with database_at({"NAME": "restored"}):
        assert list(Window.objects.order_by("pk").values_list("pk", "title")) == [(one.pk, one.title) for one in windows]
        call_command("audit", "verify", stdout=io.StringIO())
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_constraint where not convalidated")
            assert cursor.fetchone() == (0,)
            with pytest.raises(Exception, match="never change"):
                cursor.execute("update audit_auditentry set kind = 'forged'")
        assert given.window(olga, starts_at=given.soon(48)).pk > max(one.pk for one in windows), "its counters go on where they were"
        before = list(Window.objects.order_by("pk").values())
        loader = MigrationLoader(connection)
        latest = {app: sorted(name for at, name in loader.graph.nodes if at == app)[-2:] for app in ("delivery", "execution", "scheduling")}
        for app, (earlier, _) in latest.items():
            call_command("migrate", app, earlier, verbosity=0, interactive=False)
        call_command("migrate", verbosity=0, interactive=False)
        assert list(Window.objects.order_by("pk").values()) == before
        call_command("audit", "verify", stdout=io.StringIO())
        connection.close()
