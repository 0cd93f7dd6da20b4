"""An approved window whose time has come, and its preflight: what tests of checks and of starting start from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import given_windows as given
from tests.given_runs import people
from windows.approvals.commands import request_window
from windows.approvals.models import ApprovalRequest, Policy
from windows.approvals.policy import digest
from windows.approvals.queries.material import material_of
from windows.execution import preflight, tasks
from windows.execution.checking import Answered
from windows.execution.commands.starting import start_run
from windows.execution.models import Run, clock
from windows.runbooks.models import RunbookVersion
from windows.scheduling.models import Window


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ring", lambda task, *args: True)


@pytest.fixture
def window(db: None) -> Window:
    """Approved, pre-authorised, its time come just now."""
    return begins_now(approved())


def all_due(many: int) -> list[int]:
    """The ids of so many approved windows, each on a service of its own, whose time has come: the sweep starts them."""
    return sorted(begins_now(approved(f"due-{number}")).pk for number in range(many))


def approved(slug: str = "") -> Window:
    """Tomorrow's, pre-authorised; of a service of its own where one is named."""
    return signed(people() if not slug else given.window(given.actor("olga"), slug, coordinator_id=given.person(f"carl-{slug}").pk))


def approved_with(version: RunbookVersion, parameters: dict[str, Any], slug: str = "orders") -> Window:
    """Tomorrow's, pre-authorised, of this service, whose run carries this runbook out."""
    return signed(given.window(given.actor("olga"), slug, runbook_version_id=version.pk, parameters=parameters))


def signed(window: Window) -> Window:
    Policy.objects.get_or_create(name="Routine", defaults={"position": 0, "requires": [], "match": {}})
    Window.objects.filter(pk=window.pk).update(change_type="standard")
    request_window(given.actor("olga"), window.pk)
    window.refresh_from_db()
    assert window.status == "approved"
    return window


def begins_now(window: Window, **columns: Any) -> Window:
    """Its period, and what was signed, moved to now: only the clock differs."""
    now = clock()
    times = {"starts_at": now - timedelta(seconds=5), "ends_at": now + timedelta(hours=1)}
    Window.objects.filter(pk=window.pk).update(**(times | columns))
    material = material_of(window.pk)
    ApprovalRequest.objects.filter(window=window).update(material=material, digest=digest(material))
    window.refresh_from_db()
    return window


def started(window: Window) -> Run:
    return start_run(given.actor("olga"), window.pk)


def answers(run: Run) -> dict[str, Answered]:
    return preflight.examine(run)
