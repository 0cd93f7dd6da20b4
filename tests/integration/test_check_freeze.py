"""The check `freeze`: one made after the approval is met at every start."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import given_runs, given_starts
from tests import given_windows as given
from tests.given_runs import World
from windows.access.roles import SCHEDULE
from windows.execution.commands.starting import start_run
from windows.execution.engine import loop
from windows.execution.models import clock
from windows.scheduling.models import Freeze, Window

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
