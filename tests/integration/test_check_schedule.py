"""The check `schedule`: neither before the start, nor after the latest start, nor past turn-back time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.given_starts import answers, approved, begins_now, started
from windows.actions.gates import Answer
from windows.errors import Conflict
from windows.execution.models import clock

pytestmark = pytest.mark.django_db


def test_schedule_blocks_before_the_start_and_after_the_latest() -> None:
    window = approved()
    with pytest.raises(Conflict, match="and not before"):
        started(window)
    run = started(begins_now(window))
    run.window = begins_now(window, starts_at=clock() + timedelta(minutes=20))
    assert answers(run)["schedule"].verdict is Answer.FAIL
    run.window = begins_now(window, starts_at=clock() - timedelta(hours=2))
    assert "latest start" in answers(run)["schedule"].reason


def test_what_could_not_be_undone_in_time_is_not_begun() -> None:
    run = started(begins_now(approved()))
    assert answers(run)["schedule"].verdict is Answer.PASS
    run.turn_back_at = clock()
    assert "could not be undone in time" in answers(run)["schedule"].reason
