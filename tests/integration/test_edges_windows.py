"""Every edge of a window's table is taken by a command or the engine; every other pair is refused."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest
from django.db import transaction

from tests import given_runs
from tests import given_windows as given
from tests.edges import Edge, Scenario, Scenarios, edges_of, others_than
from tests.given_runs import World, people, run_of, step
from tests.given_starts import approved, begins_now, started
from windows.access.roles import ENGINE, Actor, Role
from windows.actions.outcomes import Failed
from windows.approvals.commands import amend_window, decide, expire_requests, request_window, withdraw
from windows.errors import Conflict
from windows.execution.commands import clocks
from windows.execution.commands.aborting import abort
from windows.execution.commands.starting import start_run
from windows.execution.models import clock
from windows.lifecycle.states import TRANSITIONS, WindowStatus
from windows.scheduling.commands.drafts import cancel_window
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import Window

W = WindowStatus
world = given_runs.world
pytestmark = pytest.mark.django_db
scenarios = Scenarios("scheduling_window")
drives = scenarios.drives
Play = Generator[None, None, None]


def olga() -> Actor:
    return given.actor("olga")


def requested() -> Window:
    window = people()
    given.person("rita", ("shop", Role.OWNER))
    return request_window(olga(), window.pk)


@drives((W.DRAFT, W.REQUESTED), (W.REQUESTED, W.APPROVED))
def is_asked_for_and_signed(world: World) -> Play:
    window = people()
    rita, sam = given.actor("rita", ("shop", Role.OWNER)), given.actor("sam")
    yield
    window = request_window(olga(), window.pk)
    for person in (rita, sam):
        if window.status == W.REQUESTED:
            window = decide(person, window.pk, "approved")


@drives((W.REQUESTED, W.REJECTED))
def is_rejected(world: World) -> Play:
    window = requested()
    yield
    decide(given.actor("rita"), window.pk, "rejected", "not in this week")


@drives((W.REQUESTED, W.DRAFT))
def is_withdrawn(world: World) -> Play:
    window = requested()
    yield
    withdraw(olga(), window.pk)


@drives((W.REQUESTED, W.EXPIRED))
def nobody_decides(world: World) -> Play:
    window = requested()
    yield
    expire_requests(window.starts_at + timedelta(days=1))


@drives((W.REQUESTED, W.CANCELLED))
def is_called_off_before_it_is_signed(world: World) -> Play:
    window = requested()
    yield
    cancel_window(olga(), window.pk, "not needed")


@drives((W.APPROVED, W.REQUESTED))
def is_changed_after_it_was_signed(world: World) -> Play:
    window = approved()
    yield
    amend_window(olga(), window.pk, {"mode": "offline"}, window.version)


@drives((W.APPROVED, W.CANCELLED))
def is_called_off(world: World) -> Play:
    window = approved()
    yield
    cancel_window(olga(), window.pk, "not needed")


@drives((W.APPROVED, W.EXPIRED))
def nobody_begins_it(world: World) -> Play:
    window = begins_now(approved(), starts_at=clock() - timedelta(hours=3))
    yield
    clocks.expire(window.pk)


@drives((W.APPROVED, W.RUNNING))
def begins(world: World) -> Play:
    window = begins_now(approved())
    yield
    world.drive(started(window))


@drives((W.RUNNING, W.COMPLETED))
def its_run_succeeds(world: World) -> Play:
    run = run_of(step())
    yield
    world.drive(run)


@drives((W.DRAFT, W.RUNNING))
def is_an_emergency(world: World) -> Play:
    people()
    window = given.window(olga(), change_type="emergency", starts_at=given.soon(1))
    yield
    world.drive(start_run(given.actor("sam"), window.pk))


@drives((W.RUNNING, W.ROLLED_BACK))
def its_run_is_rolled_back(world: World) -> Play:
    run = run_of(step())
    world.script[1, "forward"] = [Failed("no", permanent=True)]
    yield
    world.drive(run)


@drives((W.RUNNING, W.FAILED))
def its_run_is_aborted(world: World) -> Play:
    run = run_of(step())
    yield
    abort(olga(), run.pk, "stop here")
    abort(given.actor("sam"), run.pk, "yes, stop")


def test_every_edge_has_a_scenario() -> None:
    assert scenarios.edges() == edges_of(TRANSITIONS)


@pytest.mark.parametrize(("scenario", "edges"), scenarios.told, ids=lambda value: getattr(value, "__name__", ""))
def test_a_scenario_takes_its_edges(world: World, scenario: Scenario, edges: tuple[Edge, ...]) -> None:
    taken = scenarios.play(scenario, world)
    assert set(edges) <= taken <= edges_of(TRANSITIONS)


def test_every_other_pair_is_refused() -> None:
    window = people()
    for before, after in others_than(TRANSITIONS, WindowStatus):
        Window.objects.filter(pk=window.pk).update(status=before.value)
        with pytest.raises(Conflict) as refusal, transaction.atomic():
            move(window.pk, after, ENGINE, "x", expected=before)
        assert (refusal.value.field, Window.objects.get().status) == ("status", before.value)


def test_whoever_comes_second_is_refused() -> None:
    window = requested()
    withdraw(olga(), window.pk)
    with pytest.raises(Conflict, match="is draft"), transaction.atomic():
        move(window.pk, W.APPROVED, ENGINE, "x", expected=W.REQUESTED)
