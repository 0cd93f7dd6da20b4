"""The sweep: what goes wrong with one row leaves the others their turn."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from psycopg.errors import DeadlockDetected

from tests import given_runs
from windows.execution import tasks
from windows.execution.commands import clocks
from windows.execution.models import Run, clock
from windows.execution.queries import due
from windows.execution.tasks import sweep

pytestmark = pytest.mark.django_db
DEADLOCK = OperationalError("deadlock detected")
DEADLOCK.__cause__ = DeadlockDetected()


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ring", lambda task, *args: True)


@pytest.mark.parametrize("error", [IntegrityError("one row"), DataError("one row"), ValueError("one row"), DEADLOCK])
def test_a_row_that_goes_wrong_leaves_the_others_their_turn(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    warned: list[int] = []

    def warn(run_id: int) -> None:
        if run_id == 1:
            raise error
        warned.append(run_id)

    monkeypatch.setattr(due, "near_turn_back", lambda now: [1, 2])
    monkeypatch.setattr(clocks, "warn", warn)
    sweep()
    assert warned == [2]


@pytest.mark.parametrize("error", [OperationalError("it is away"), InterfaceError("it is away")])
def test_a_database_that_is_away_ends_the_sweep(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(due, "near_turn_back", lambda now: [1])
    monkeypatch.setattr(clocks, "warn", Mock(side_effect=error))
    with pytest.raises(type(error)):
        sweep()


def test_a_run_whose_short_sleep_is_over_is_rung_for_at_the_next_tick_not_at_the_next_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(tasks, "ring", lambda task, *args: rung.append(*args))
    window = given_runs.people()
    now = clock()
    woken = given_runs.run_of(given_runs.step(), window=window, wake_at=now - timedelta(seconds=1))
    tasks.measure()
    assert rung == [woken.pk]
    Run.objects.filter(pk=woken.pk).update(lease_until=now + timedelta(seconds=9))
    tasks.measure()
    Run.objects.filter(pk=woken.pk).update(lease_until=None, wake_at=now + timedelta(seconds=9))
    tasks.measure()
    Run.objects.filter(pk=woken.pk).update(wake_at=now - timedelta(seconds=9))
    tasks.measure()
    assert rung == [woken.pk], "taken, not due yet, or lost: the last is the sweep's to find"
