"""The check `freeze`: one made after the approval is met at every start."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from tests import given_runs, given_starts
from tests import given_windows as given
from tests.given_runs import World, people
from tests.given_starts import answers, begins_now, started
from windows.access.roles import SCHEDULE, Role
from windows.actions.gates import Answer
from windows.approvals.commands import decide, request_window
from windows.approvals.models import Policy
from windows.execution import preflight
from windows.execution.commands.starting import start_run
from windows.execution.engine import loop
from windows.execution.models import CheckResult, Run, clock
from windows.scheduling.models import Freeze, Override, Window

world, window = given_runs.world, given_starts.window
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["a person", "the schedule"])
def test_n06_a_freeze_after_approval_is_met_at_every_start(world: World, window: Window, path: str) -> None:
    now = clock()
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    Freeze.objects.create(title="Peak", severity="hard", created_by=window.owner, services=["orders"], **times)
    run = start_run(given.actor("olga") if path == "a person" else SCHEDULE, window.pk)
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status == "blocked" and "Peak" in run.reason


def test_n06_a_freeze_made_while_the_checks_are_asked_blocks(world: World, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    run = started(window)

    def frozen_behind_their_back(run: Run) -> dict[str, preflight.Answered]:
        found, now = preflight.examine(run), clock()
        Freeze.objects.create(title="Peak", severity="hard", created_by=window.owner, starts_at=now, ends_at=now + timedelta(hours=1))
        assert found["freeze"].verdict is Answer.PASS
        return found

    monkeypatch.setattr(loop, "examine", frozen_behind_their_back)
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.status == "blocked" and "Peak" in run.reason and run.freezes_met == []
    assert CheckResult.objects.get(run=run, name="freeze").verdict == "fail"


def test_n06_only_the_soft_freeze_that_was_accepted_is_let_pass(world: World) -> None:
    Policy.objects.create(name="Routine", position=0, requires=[], match={})
    window = people()
    soft = {"severity": "soft", "created_by": window.owner, "starts_at": clock(), "ends_at": window.ends_at + timedelta(hours=1)}
    known = Freeze.objects.create(title="Peak season", **soft)
    Window.objects.filter(pk=window.pk).update(change_type="standard")
    uma = given.actor("uma", ("shop", Role.OWNER))
    request_window(given.actor("carl"), window.pk, reason="Agreed with sales.")
    decide(uma, window.pk, "approved")
    run = started(begins_now(window))
    assert answers(run)["freeze"].verdict is Answer.PASS
    late = Freeze.objects.create(title="Peak", **soft)  # the other's title holds this one's
    found = answers(run)["freeze"]
    assert found.verdict is Answer.FAIL and "“Peak”" in found.reason
    late.delete()
    Override.objects.update(expires_at=clock() - timedelta(seconds=1))  # accepted, but only until then
    assert answers(run)["freeze"].verdict is Answer.FAIL
    Override.objects.update(expires_at=F("ends_at"))
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    assert run.started_at and run.freezes_met == [known.pk]
