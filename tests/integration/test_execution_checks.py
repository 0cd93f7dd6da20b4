"""Preflight as a whole, starting, and the sweep that finds what is due. Each check by itself: test_check_<name>.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import given_runs, given_starts
from tests import given_windows as given
from tests.given_runs import World, run_of, step
from tests.given_starts import approved, begins_now, started
from windows.access.roles import Role
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden
from windows.execution import preflight
from windows.execution.commands.starting import start_run
from windows.execution.engine import loop
from windows.execution.models import CheckResult, Run, clock
from windows.execution.queries import due
from windows.execution.states import RunStatus
from windows.execution.tasks import sweep
from windows.flags.commands import set_flag
from windows.flags.routing import FlagKey
from windows.scheduling.models import Freeze, Window

world, window = given_runs.world, given_starts.window
no_broker = given_starts.no_broker
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


def test_everything_passes_and_the_window_runs(world: World, window: Window) -> None:
    run = started(window)
    assert run.status == "preflight" and Window.objects.get().status == "approved"
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status != "blocked", run.reason
    assert Window.objects.get().status == "running" and run.started_at
    assert set(CheckResult.objects.filter(run=run).values_list("name", "verdict")) == {(name, "pass") for name in preflight.checks()}
    told = AuditEntry.objects.get(kind="run.started")
    assert told.data["checks"]["approval"] == "pass"


def test_a_blocked_run_leaves_the_window_approved_and_the_sweep_tries_again(world: World, window: Window, settings: Any) -> None:
    now = clock()
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    freeze = Freeze.objects.create(title="Peak", severity="hard", created_by=window.owner, **times)
    sweep()
    run = Run.objects.get()
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status == "blocked" and "Peak" in run.reason and run.wake_at is None
    assert Window.objects.get().status == "approved"
    assert due.due_windows(clock()) == [], "not at once again"
    assert due.due_windows(clock() + settings.ROADWORKS.preflight_retry) == [window.pk]
    freeze.delete()
    Run.objects.update(ended_at=now - timedelta(hours=1))
    sweep()
    again = Run.objects.get(number=2)
    loop.advance(again.pk, world.build)
    again.refresh_from_db()
    assert again.started_at and Window.objects.get().status == "running"


def test_one_run_at_a_time_and_only_by_right(window: Window) -> None:
    with pytest.raises(Forbidden):
        start_run(given.actor("vera", ("shop", Role.VIEWER)), window.pk)
    started(window)
    with pytest.raises(Conflict) as refusal:
        started(window)
    assert refusal.value.field == "run"


def test_r_s30_a_check_that_breaks_never_lets_a_run_begin(world: World, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(candidate: object) -> preflight.Answered:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(preflight, "checks", lambda: {"broken": broken})
    run = started(window)
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status == "blocked" and "ZeroDivisionError" in run.reason
    assert CheckResult.objects.get(run=run).verdict == "inconclusive"


def test_r_e13_an_emergency_begins_by_right_and_holds_the_others(world: World) -> None:
    other = run_of(step(), step())
    urgent = given.window(given.actor("olga"), "orders", title="Put the fire out", change_type="emergency", starts_at=given.soon(1))
    with pytest.raises(Forbidden):
        start_run(given.actor("carl"), urgent.pk)
    run = start_run(given.actor("sam"), urgent.pk)
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    other.refresh_from_db()
    assert Window.objects.get(pk=urgent.pk).status == "running" and run.started_at
    skipped = AuditEntry.objects.get(kind="run.started").data["skipped"]
    assert {"approval", "schedule"} <= set(skipped)
    assert other.status == "held" and urgent.reference in other.reason


def test_b03_windows_that_missed_their_latest_start_expire(window: Window) -> None:
    begins_now(window, starts_at=clock() - timedelta(hours=3))
    sweep()
    assert Window.objects.get().status == "expired" and not Run.objects.exists()


def test_f07_x07_the_sweep_warns_once_before_turn_back_and_reports_an_overrun_once(world: World) -> None:
    from windows.delivery.models import Message

    now = clock()
    run = run_of(step(), started_at=now - timedelta(hours=1), turn_back_at=now + timedelta(minutes=4))
    sweep()
    sweep()
    assert Message.objects.filter(title__contains="turns back").count() == 4
    Run.objects.filter(pk=run.pk).update(window_ends_at=now - timedelta(minutes=1))
    sweep()
    sweep()
    assert AuditEntry.objects.filter(kind="run.overran").count() == 1


def test_r_d05_a_flag_left_behind_pages_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from windows.delivery.models import Message
    from windows.flags.commands import expire_leases, leases
    from windows.flags.models import Flag

    monkeypatch.setattr("windows.flags.commands.leases.SETTLE", timedelta())  # the test's server may have started a second ago
    run = run_of(step(), status=RunStatus.ABORTED, wake_at=None)
    reference = run.window.reference
    set_flag(given.actor("sam"), FlagKey("orders", "production"), "read_only", {}, window=reference, lease=timedelta(seconds=1), reason="x")
    Flag.objects.update(lease_until=clock() - timedelta(seconds=1))
    monkeypatch.setattr(leases, "just_started", lambda: False)
    assert expire_leases() == 1
    sweep()
    sweep()
    page = Message.objects.get(urgency="page")
    assert (page.recipient, page.window) == ("otto@example.org", reference) and "orders/production" in page.title


def test_an_idle_sweep_costs_the_same_whatever_is_stored() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    window = approved()

    with CaptureQueriesContext(connection) as few:
        sweep()
    Run.objects.bulk_create(Run(window=window, number=n, status="succeeded", started_by="x", window_ends_at=clock()) for n in range(1, 200))
    with CaptureQueriesContext(connection) as many:
        sweep()
    assert len(many) == len(few) <= 10
