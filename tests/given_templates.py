"""Where a template is carried out for real: a target schema, a node that follows the flag, work under way meanwhile, the engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests import given_windows as given
from tests.given_runs import run_of
from windows.access.roles import Role
from windows.execution import watching
from windows.execution.engine import loop
from windows.execution.models import Run, clock
from windows.execution.ports.context import build
from windows.flags import commands
from windows.flags.models import FlagVersion
from windows.runbooks.spec import Plan, parse, resolve

TEMPLATES = Path(__file__).parents[1] / "windows" / "runbooks" / "templates"


def address(schema: str) -> str:
    """The test database, seen through a schema of its own."""
    given_by = connection.get_connection_params()
    parts = {name: given_by[name] for name in ("host", "port", "user", "password", "dbname") if given_by.get(name)}
    return psycopg.conninfo.make_conninfo(**parts, options=f"-c search_path={schema}")


@pytest.fixture
def target(transactional_db: None, settings: Any) -> Iterator[psycopg.Connection]:
    """The database the templates know as `target`."""
    settings.TARGET_DATABASES = {"target": address("target")}
    with psycopg.connect(address("target"), autocommit=True) as admin:
        admin.execute("drop schema if exists target cascade")
        admin.execute("create schema target")
        yield admin
        admin.execute("drop schema target cascade")


@contextmanager
def meanwhile(*acts: Callable[[psycopg.Connection], None], schema: str = "target") -> Iterator[list[str]]:
    """Each act again and again on a connection of its own; the list says what failed."""
    over, failed, threads = threading.Event(), list[str](), list[threading.Thread]()
    where = address(schema)

    def work(act: Callable[[psycopg.Connection], None]) -> None:
        with psycopg.connect(where, autocommit=True) as own:
            while not over.is_set():
                try:
                    act(own)
                except psycopg.Error as error:
                    failed.append(str(error))
                over.wait(0.005)

    for act in acts:
        threads.append(threading.Thread(target=work, args=[act], daemon=True))
        threads[-1].start()
    try:
        yield failed
    finally:
        over.set()
        [thread.join(90) for thread in threads]


class Node:
    """A registered node that follows its service's flag and says so; `mode` is what it holds."""

    def __init__(self, service: str, region: str = "r1") -> None:
        sam = given.actor("sam", ("shop", Role.SRE))
        self.region = region
        self.token = commands.register_node(sam, service=service, environment="production", region=region, name=f"node-{region}")[1]
        self.mode, self.modes, self.version = "normal", ["normal"], 0

    def following(self) -> AbstractContextManager[None]:
        """In a thread of its own: the flag's step looks for the receipt while it holds the worker."""
        return again(self.follow)

    def follow(self) -> None:
        newest = FlagVersion.objects.filter(flag__region__in=[self.region, "*"]).order_by("-global_version").select_related("flag").first()
        if newest and newest.global_version != self.version:
            self.apply(newest)
            if newest.mode != self.mode and newest.flag.component == "*":  # a component's flag is none of the node as a whole
                self.mode = newest.mode
                self.modes.append(newest.mode)
            self.version = newest.global_version
            commands.post_receipt(self.token, newest.global_version, self.mode, echo=newest.echo)

    def apply(self, newest: FlagVersion) -> None:
        """What a counterpart does before its node says that it holds this version."""


def plan_of(name: str, **parameters: Any) -> Plan:
    return resolve(parse((TEMPLATES / f"{name}.yaml").read_text()), parameters)


def carried_out(plan: Plan, *nodes: Node, seconds: int = 300, **facts: Any) -> Run:
    """As workers would: turns when they are due, watch gates all along, until the run is over or held. `facts` are columns of the run."""
    watch = [gate.to_json() for gate in plan.watch]
    rows = [{name: value for name, value in row.items() if name != "position"} for row in plan.to_rows()]
    run = run_of(*rows, window=given.window(given.actor("olga", ("shop", Role.OWNER))), watch=watch, **facts)
    with ExitStack() as following:
        for node in nodes:
            following.enter_context(node.following())
        return to_its_end(run, clock() + timedelta(seconds=seconds))


def to_its_end(run: Run, end: datetime) -> Run:
    """The watch gates are judged in a thread of their own, as by the workers that measure: an owner stays with a run that waits briefly."""
    with again(lambda: watching.watch(run.pk) if run.pk in watching.due(clock()) else None):
        while (now := clock()) < end and run.wake_at is not None and run.status != "held":
            if run.wake_at <= now:
                loop.advance(run.pk, build)
            else:
                time.sleep(0.02)
            run.refresh_from_db()
    return run


@contextmanager
def again(act: Callable[[], None]) -> Iterator[None]:
    """The act every twentieth of a second, in a thread with a connection of its own."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(0.05):
            act()
        connection.close()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(60)


def outcomes(run: Run) -> dict[str, tuple[str, str]]:
    return {step.name: (step.status, step.outcome) for step in run.steps.order_by("position")}
