"""A runbook's text carried out for real: flag, SQL, program, gate and HTTP through the engine and the real ports; and taken back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests import given_windows as given
from tests.given_runs import run_of
from windows.access.roles import Role
from windows.execution.engine import loop
from windows.execution.models import GateReading, Run, StepLog, StepRun, clock
from windows.execution.ports.context import build
from windows.flags.models import Flag, FlagVersion
from windows.runbooks.spec import parse, resolve
from windows.scheduling.models import Window

TEXT = """\
runbook: real
title: For real
parameters:
  port: {type: integer}
  marker: {type: string, default: moved}
steps:
  - name: Freeze
    flag: {service: orders, environment: production, mode: read_only, converge: false}
  - name: Write
    sql: {database: target, statements: ["insert into marks values (%(marker)s)"], values: {marker: "{{ marker }}"}, once: true}
    undo: {sql: {database: target, statements: ["delete from marks where mark = %(marker)s"], values: {marker: "{{ marker }}"}}}
    repeatable: true
  - name: Run
    command: {name: touch-it, arguments: ["{{ marker }}"]}
    undo: {command: {name: untouch-it, arguments: ["{{ marker }}"]}}
  - name: Count
    gate: {sql: {database: target, query: select count(*) from marks}, pass: "== 1", interval: 1s}
  - name: Thaw
    flag: {service: orders, environment: production, mode: normal, converge: false}
validation:
  - name: Smoke
    http: {url: "http://127.0.0.1:{{ port }}/", expect: {status: 200}}
"""
BREAK = """\
  - name: Break
    sql: {database: target, statements: [select 1/0]}
    undo: none
    because: it changes nothing
"""


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.heard.append(dict(self.headers))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.heard, server.status = [], 200
        thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def target(transactional_db: None, settings, tmp_path: Path) -> Iterator[psycopg.Connection]:
    """The test database itself plays the target, in a schema of its own; commands lie in a temporary folder."""
    given_by = connection.get_connection_params()
    address = psycopg.conninfo.make_conninfo(
        **{name: given_by[name] for name in ("host", "port", "user", "password", "dbname") if given_by.get(name)},
        options="-c search_path=target",
    )
    for name, act in {"touch-it": "touch", "untouch-it": "rm -f"}.items():
        (tmp_path / name).write_text(f'#!/bin/sh\n{act} "{tmp_path}/$1" && echo "{name} for $MAINTENANCE_WINDOW"\n')
        (tmp_path / name).chmod(0o755)
    settings.TARGET_DATABASES, settings.COMMANDS_DIR, settings.HTTP_ALLOWED_HOSTS = {"target": address}, tmp_path, ["127.0.0.1"]
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("drop schema if exists target cascade")
        admin.execute("create schema target")
        admin.execute("create table marks (mark text)")
        yield admin
        admin.execute("drop schema target cascade")


def carried_out(text: str, site: ThreadingHTTPServer) -> Run:
    window: Window = given.window(given.actor("olga", ("shop", Role.OWNER)))
    plan = resolve(parse(text), {"port": site.server_address[1]})
    rows = plan.to_rows()
    assert [row.pop("position") for row in rows] == list(range(1, len(rows) + 1))
    run = run_of(*rows, window=window)
    end = clock() + timedelta(seconds=60)
    while clock() < end:
        loop.advance(run.pk, build)
        run.refresh_from_db()
        if run.wake_at is None:
            break
    return run


def state(target: psycopg.Connection, folder: Path) -> tuple[list[tuple[str]], bool]:
    return target.execute("select mark from marks").fetchall(), (folder / "moved").exists()


def test_it_is_carried_out(target, site, tmp_path: Path) -> None:
    run = carried_out(TEXT, site)
    steps = {step.name: (step.status, step.outcome) for step in run.steps.all()}
    assert run.status == "succeeded", (run.reason, steps)
    assert state(target, tmp_path) == ([("moved",)], True)
    assert list(FlagVersion.objects.order_by("global_version").values_list("mode", flat=True)) == ["read_only", "normal"]
    assert StepLog.objects.filter(text=f"touch-it for {run.window.reference}").exists()
    assert GateReading.objects.get(position=4).value == 1
    assert site.heard[0]["Maintenance-Window"] == run.window.reference
    assert site.heard[0]["Idempotency-Key"] == f"{run.pk}:6:forward"


def test_it_is_taken_back_when_a_later_step_fails(target, site, tmp_path: Path) -> None:
    run = carried_out(TEXT.replace('pass: "== 1"', 'pass: "== 2"'), site)
    steps = {step.name: (step.status, step.outcome) for step in run.steps.all()}
    assert run.status == "rolled_back", (run.reason, steps)
    assert state(target, tmp_path) == ([], False)
    assert Flag.objects.get().mode == "normal"
    assert StepRun.objects.get(run=run, name="Thaw").status == "pending"


def test_it_is_taken_back_from_its_very_end(target, site, tmp_path: Path) -> None:
    """Freeze and thaw are undone in reverse although both set the same flag."""
    text = TEXT.replace("validation:\n", f"{BREAK}validation:\n")
    run = carried_out(text, site)
    steps = {step.name: (step.status, step.outcome) for step in run.steps.all()}
    assert run.status == "rolled_back", (run.reason, steps)
    assert state(target, tmp_path) == ([], False)
    assert list(FlagVersion.objects.order_by("global_version").values_list("mode", flat=True)) == [
        "read_only",
        "normal",
        "read_only",
        "normal",
    ]
    assert "division by zero" in steps["Break"][1]
