"""The sweep: what goes wrong with one row leaves the others their turn."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from psycopg.errors import DeadlockDetected

from windows.execution import tasks
from windows.execution.commands import clocks
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
