"""The preflight check `backup` on real databases: what it asks, what it never takes for a backup, and that it blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from portal.bootstrap import testing
from portal.bootstrap.postgres import OWNER, address
from tests import given_runs
from tests.given_runs import World, run_of, step
from windows.actions.gates import Answer
from windows.execution import preflight
from windows.execution.checking import Answered
from windows.execution.engine import loop
from windows.execution.models import CheckResult, Run
from windows.execution.states import RunStatus
from windows.runbooks.models import Runbook, RunbookVersion
from windows.scheduling.models import Window, WindowScope

world = given_runs.world
pytestmark = pytest.mark.django_db(transaction=True)
NEWEST = "select max(finished_at) from a_backup_check"
TEXT = """\
runbook: migrate
title: Migrate
layers: [{layer}]
{backup}
steps:
  - name: Wait
    wait: {{duration: 1s}}
"""


@pytest.fixture
def shelf(transactional_db: None, settings: Any) -> Iterator[psycopg.Connection]:
    """A target database with a table of backups, empty yet; a measurement may take a second."""
    where = connection.settings_dict
    url = testing.GIVEN or address(OWNER, str(where["NAME"]), str(where["HOST"]))
    settings.TARGET_DATABASES = {"orders": url, "gone": "postgresql:///nowhere?host=/nowhere"}
    settings.ROADWORKS = replace(settings.ROADWORKS, gate_timeout=timedelta(seconds=1))
    with psycopg.connect(url, autocommit=True) as target:
        target.execute("create table a_backup_check (finished_at timestamptz)")
        yield target
        target.execute("drop table a_backup_check")


def a_run(backup: str = "", *, layer: str = "L5", scope: str = "L5") -> Run:
    """A run in preflight whose runbook says `backup`, in a scope of this layer."""
    text = TEXT.format(layer=layer, backup=backup)
    book = Runbook.objects.create(slug="migrate", title="Migrate", team="shop")
    digest = hashlib.sha256(text.encode()).hexdigest()
    run = run_of(step(), status=RunStatus.PREFLIGHT)
    run.runbook_version = run.window.runbook_version = RunbookVersion.objects.create(runbook=book, number=1, digest=digest, source=text)
    run.save()
    Window.objects.filter(pk=run.window_id).update(runbook_version=run.runbook_version, status="approved")
    WindowScope.objects.filter(window=run.window_id).update(layer=scope)
    return run


def asks(query: str = NEWEST, database: str = "orders", max_age: str = "24h") -> str:
    return f'backup_check: {{database: {database}, query: "{query}", max_age: {max_age}}}'


def backup(run: Run) -> Answered:
    return preflight.examine(run)["backup"]


def test_it_follows_what_is_on_record(shelf: psycopg.Connection) -> None:
    run = a_run(asks())
    assert backup(run).verdict is Answer.INCONCLUSIVE
    shelf.execute("insert into a_backup_check values (now() - interval '25 hours')")
    old = backup(run)
    assert old.verdict is Answer.FAIL and "1d1h ago; 1d is allowed, so it is 1h too old." in old.reason
    shelf.execute("insert into a_backup_check values (now())")
    assert backup(run).verdict is Answer.PASS
    shelf.execute("insert into a_backup_check values (now() + interval '1 hour')")
    assert backup(run).verdict is Answer.INCONCLUSIVE


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (asks("select now()::timestamp"), "without a time zone"),
        (asks("select 'infinity'::timestamptz"), "not known"),
        (asks("select now() where false"), "one row with one column"),
        (asks("select now(), now()"), "one row with one column"),
        (asks("select finished_at from never_was"), "never_was"),
        (asks("insert into a_backup_check values (now()) returning finished_at"), "read-only"),
        (asks("select now() from pg_sleep(30)"), "time"),
        (asks(database="gone"), "not known"),
        (asks(database="unheard-of"), "TARGET_DATABASE_UNHEARD_OF"),
    ],
)
def test_what_cannot_be_known_is_never_a_pass(shelf: psycopg.Connection, said: str, reason: str) -> None:
    found = backup(a_run(said))
    assert found.verdict is Answer.INCONCLUSIVE and reason in found.reason, found
    assert shelf.execute("select count(*) from a_backup_check").fetchone() == (0,)


def test_without_data_no_backup_is_asked_for(shelf: psycopg.Connection) -> None:
    run = a_run(layer="L3", scope="L3")
    assert backup(run) == Answered(Answer.PASS, "No data is touched: layer L5 is not in the scope.", {})
    WindowScope.objects.filter(window=run.window_id).update(layer="L5")
    wider = backup(run)
    assert wider.verdict is Answer.FAIL and "says no backup_check" in wider.reason
    run.runbook_version = None
    assert backup(run) == Answered(Answer.PASS, "A manual window: whoever carries it out sees to the backup.", {})


def test_a_runbook_that_asks_is_heard_in_every_layer(shelf: psycopg.Connection) -> None:
    assert backup(a_run(asks(), layer="L3", scope="L3")).verdict is Answer.INCONCLUSIVE


def test_an_old_backup_blocks_the_run(world: World, shelf: psycopg.Connection) -> None:
    shelf.execute("insert into a_backup_check values (now() - interval '3 days')")
    run = a_run(asks())
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status == "blocked" and "2d too old" in run.reason
    assert CheckResult.objects.get(run=run, name="backup").verdict == "fail"
    assert not world.calls
