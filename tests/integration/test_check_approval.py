"""The check `approval`: what is no longer what was approved does not begin."""

from __future__ import annotations

import pytest

from tests import given_runs, given_starts
from tests import given_windows as given
from tests.given_runs import World
from tests.given_starts import started
from windows.audit.models import AuditEntry
from windows.errors import Conflict
from windows.execution.engine import loop
from windows.execution.models import CheckResult, Run
from windows.scheduling.models import Window, WindowScope

world, window = given_runs.world, given_starts.window
pytestmark = pytest.mark.django_db


def test_n05_starting_what_changed_names_the_field(window: Window) -> None:
    Window.objects.filter(pk=window.pk).update(mode="offline")
    with pytest.raises(Conflict) as refusal:
        started(window)
    assert refusal.value.field == "mode" and not Run.objects.exists()


def test_an_approval_that_falls_between_start_and_checks_blocks(world: World, window: Window) -> None:
    run = started(window)
    Window.objects.filter(pk=window.pk).update(mode="offline")
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status == "blocked" and "mode" in run.reason
    assert CheckResult.objects.get(run=run, name="approval").verdict == "fail"


def test_f10_another_scope_than_was_approved_and_announced_does_not_begin(world: World, window: Window) -> None:
    """The calendars said orders; somebody changed the scope behind everybody's back between the start and the checks."""
    run = started(window)
    announced = bytes(window.vevent)
    assert b"orders" in announced
    WindowScope.objects.filter(window=window).update(service=given.service("bank"))
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    window.refresh_from_db()
    assert (run.status, window.status) == ("blocked", "approved") and "scope" in run.reason
    answer = CheckResult.objects.get(run=run, name="approval")
    assert answer.verdict == "fail" and "scope" in answer.evidence["fields"]
    assert bytes(window.vevent) == announced
    assert AuditEntry.objects.filter(run_id=run.pk, kind="run.blocked", data__checks__approval="fail").exists()
