"""A scheduled start that may not be: said once, heard by those who coordinate it, and why it expires."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import given_runs, given_starts
from tests.given_runs import World
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.execution.engine import loop
from windows.execution.models import Run, clock
from windows.execution.tasks import sweep
from windows.scheduling.models import Freeze, Window

world, window, no_broker = given_runs.world, given_starts.window, given_starts.no_broker
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker", "world")]
HOUR = timedelta(hours=1)


def told() -> list[str]:
    pages = Message.objects.filter(title__contains="did not begin", urgency="page")
    return sorted(pages.values_list("recipient", flat=True))


def test_a_refused_start_is_said_once_and_is_why_it_expires(window: Window) -> None:
    Window.objects.filter(pk=window.pk).update(mode="offline")
    sweep()
    sweep()
    entry = AuditEntry.objects.get(kind="window.start_refused")
    assert "mode" in entry.data["reason"] and entry.window == window.reference
    assert told() == ["carl@example.org", "dora@example.org", "olga@example.org"] and not Run.objects.exists()
    Window.objects.filter(pk=window.pk).update(starts_at=clock() - 3 * HOUR)
    sweep()
    assert entry.data["reason"] in AuditEntry.objects.get(kind="window.expired").data["reason"]


def test_a_blocked_run_pages_those_who_coordinate_it_once_a_window(world: World, window: Window) -> None:
    Freeze.objects.create(title="Peak", severity="hard", created_by=window.owner, starts_at=clock(), ends_at=clock() + HOUR)
    for _ in range(2):
        sweep()
        run = Run.objects.latest("number")
        loop.advance(run.pk, world.build)
        run.refresh_from_db()
        assert run.status == "blocked"
        Run.objects.update(ended_at=clock() - HOUR)
    assert Run.objects.count() == 2
    assert told() == ["carl@example.org", "dora@example.org", "olga@example.org"]
