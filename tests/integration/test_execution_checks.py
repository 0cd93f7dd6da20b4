"""Preflight: approval, schedule, freeze, conflict, error_budget, nodes_reachable, runbook_unchanged, flags_free; and starting."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_runs
from tests import given_windows as given
from tests.given_runs import World, people, run_of, step
from windows.access.roles import SCHEDULE, Role
from windows.actions.gates import Answer
from windows.approvals.commands import request_window
from windows.approvals.models import Policy
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden
from windows.execution import preflight, tasks
from windows.execution.commands.starting import start_run
from windows.execution.engine import loop
from windows.execution.models import CheckResult, Run, clock
from windows.execution.queries import due
from windows.execution.states import RunStatus
from windows.execution.tasks import sweep
from windows.flags.commands import register_node, set_flag
from windows.flags.routing import FlagKey
from windows.runbooks.models import Runbook, RunbookVersion
from windows.scheduling.models import Freeze, Window

world = given_runs.world
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ring", lambda task, *args: True)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Window:
    """Approved, pre-authorised, its time come just now."""
    Policy.objects.create(name="Routine", position=0, requires=[], match={})
    window = people()
    Window.objects.filter(pk=window.pk).update(change_type="standard")
    return approve(window)


def approve(window: Window) -> Window:
    request_window(given.actor("olga"), window.pk)
    window.refresh_from_db()
    assert window.status == "approved"
    return window


def begins_now(window: Window, **columns: Any) -> Window:
    """Its period, and what was signed, moved to now: only the clock differs."""
    from windows.approvals.models import ApprovalRequest
    from windows.approvals.policy import digest
    from windows.approvals.queries.material import material_of

    now = clock()
    times = {"starts_at": now - timedelta(seconds=5), "ends_at": now + timedelta(hours=1)}
    Window.objects.filter(pk=window.pk).update(**(times | columns))
    material = material_of(window.pk)
    ApprovalRequest.objects.filter(window=window).update(material=material, digest=digest(material))
    window.refresh_from_db()
    return window


def answers(window: Window, run: Run | None = None) -> dict[str, preflight.Answered]:
    return preflight.examine(run or start_run(given.actor("olga"), window.pk))


def test_everything_passes_and_the_window_runs(world: World, window: Window) -> None:
    run = start_run(given.actor("olga"), begins_now(window).pk)
    assert run.status == "preflight" and Window.objects.get().status == "approved"
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status != "blocked", run.reason
    assert Window.objects.get().status == "running" and run.started_at
    assert set(CheckResult.objects.filter(run=run).values_list("name", "verdict")) == {(name, "pass") for name in preflight.checks()}
    started = AuditEntry.objects.get(kind="run.started")
    assert started.data["checks"]["approval"] == "pass"


def test_schedule_blocks_before_the_start_and_after_the_latest(world: World, window: Window) -> None:
    assert answers(window)["schedule"].verdict is Answer.FAIL
    late = begins_now(window, starts_at=clock() - timedelta(hours=2))
    run = Run.objects.get()
    run.window = late
    assert "latest start" in preflight.examine(run)["schedule"].reason


def test_a_blocked_run_leaves_the_window_approved_and_the_sweep_tries_again(world: World, window: Window, settings: Any) -> None:
    begins_now(window)
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


@pytest.mark.parametrize("path", ["a person", "the schedule"])
def test_n06_a_freeze_after_approval_is_met_at_every_start(world: World, window: Window, path: str) -> None:
    begins_now(window)
    now = clock()
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    Freeze.objects.create(title="Peak", severity="hard", created_by=window.owner, services=["orders"], **times)
    run = start_run(given.actor("olga") if path == "a person" else SCHEDULE, window.pk)
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status == "blocked" and "Peak" in run.reason


def test_n05_starting_what_changed_names_the_field(window: Window) -> None:
    begins_now(window)
    Window.objects.filter(pk=window.pk).update(mode="offline")
    with pytest.raises(Conflict) as refusal:
        start_run(given.actor("olga"), window.pk)
    assert refusal.value.field == "mode" and not Run.objects.exists()


def test_an_approval_that_falls_between_start_and_checks_blocks(world: World, window: Window) -> None:
    run = start_run(given.actor("olga"), begins_now(window).pk)
    Window.objects.filter(pk=window.pk).update(mode="offline")
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status == "blocked" and "mode" in run.reason
    assert CheckResult.objects.get(run=run, name="approval").verdict == "fail"


def test_one_run_at_a_time_and_only_by_right(window: Window) -> None:
    begins_now(window)
    with pytest.raises(Forbidden):
        start_run(given.actor("vera", ("shop", Role.VIEWER)), window.pk)
    start_run(given.actor("olga"), window.pk)
    with pytest.raises(Conflict) as refusal:
        start_run(given.actor("olga"), window.pk)
    assert refusal.value.field == "run"


def test_error_budget_shows_its_arithmetic_and_unknown_is_no_pass(window: Window) -> None:
    begins_now(window)
    run = start_run(given.actor("olga"), window.pk)
    assert "No objective" in answers(window, run)["error_budget"].reason
    Objective.objects.create(slug="orders-writes", service="orders", title="Writes", target="0.99")
    assert answers(window, run)["error_budget"].verdict is Answer.INCONCLUSIVE
    push("orders-writes", [Push(at=clock() - timedelta(minutes=5), good=9920, total=10000, key="a")])
    found = answers(window, run)["error_budget"]
    assert found.verdict is Answer.FAIL
    assert "80 of 100 allowed bad events" in found.reason and "20% of the budget is left" in found.reason and "25%" in found.reason


def test_flags_free_and_nodes_reachable(window: Window) -> None:
    begins_now(window)
    run = start_run(given.actor("olga"), window.pk)
    assert answers(window, run)["nodes_reachable"].reason == "No step sets a flag."
    set_flag(given.actor("sam"), FlagKey("orders", "production"), "degraded", {}, reason="by hand")
    assert "by hand" not in answers(window, run)["flags_free"].reason
    assert answers(window, run)["flags_free"].verdict is Answer.FAIL
    run.steps.update(kind="flag")
    register_node(given.actor("sam"), service="orders", environment="production", region="r1", name="n1")
    found = answers(window, run)["nodes_reachable"]
    assert found.verdict is Answer.FAIL and "orders/n1" in found.reason


def test_runbook_unchanged_asks_the_bytes(window: Window) -> None:
    run = start_run(given.actor("olga"), begins_now(window).pk)
    text = "runbook: x"
    book = Runbook.objects.create(slug="x", title="X", team="shop")
    sound = RunbookVersion.objects.create(runbook=book, number=1, digest=hashlib.sha256(text.encode()).hexdigest(), source=text)
    drifted = RunbookVersion.objects.create(runbook=book, number=2, digest="0" * 64, source=text)
    for pinned, copied, verdict in [(sound, sound, Answer.PASS), (drifted, drifted, Answer.FAIL), (sound, None, Answer.FAIL)]:
        run.window.runbook_version, run.runbook_version = pinned, copied
        assert answers(window, run)["runbook_unchanged"].verdict is verdict


def test_conflict_meets_another_window_at_the_start(window: Window) -> None:
    run = start_run(given.actor("olga"), begins_now(window).pk)
    assert answers(window, run)["conflict"].verdict is Answer.PASS


def test_r_s30_a_check_that_breaks_never_lets_a_run_begin(world: World, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(candidate: object) -> preflight.Answered:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(preflight, "checks", lambda: {"broken": broken})
    run = start_run(given.actor("olga"), begins_now(window).pk)
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


def test_the_sweep_warns_once_before_turn_back_and_reports_an_overrun_once(world: World) -> None:
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


def test_r_d05_a_flag_left_behind_pages_once(world: World) -> None:
    from windows.delivery.models import Message
    from windows.flags.commands import expire_leases
    from windows.flags.models import Flag

    run = run_of(step(), status=RunStatus.ABORTED, wake_at=None)
    reference = run.window.reference
    set_flag(given.actor("sam"), FlagKey("orders", "production"), "read_only", {}, window=reference, lease=timedelta(seconds=1), reason="x")
    Flag.objects.update(lease_until=clock() - timedelta(seconds=1))
    assert expire_leases() == 1
    sweep()
    sweep()
    pages = Message.objects.filter(title__contains="left a flag behind", urgency="page")
    assert pages.count() == 4 and "orders/production" in pages.first().body  # type: ignore[union-attr]


def test_an_idle_sweep_costs_the_same_whatever_is_stored(window: Window) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        sweep()
    Run.objects.bulk_create(Run(window=window, number=n, status="succeeded", started_by="x", window_ends_at=clock()) for n in range(1, 200))
    with CaptureQueriesContext(connection) as many:
        sweep()
    assert len(many) == len(few) <= 10
