"""What the run page says is true: what a rollback leaves, what the checks found, why people decided, what is still to come."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Actor, Role
from windows.audit.clock import clock
from windows.execution.models import Run
from windows.execution.states import RunStatus

pytestmark = pytest.mark.django_db
WHY = "the column goes as a whole"


@pytest.fixture
def olga() -> Actor:
    runs.people()
    return given.actor("olga", ("shop", Role.OWNER), ("shop", Role.SRE))


def text(answer: Any) -> str:
    """What a person reads of a page: no tags, single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def with_a_step_that_stands(olga: Actor, status: RunStatus = RunStatus.RUNNING, undone: str = "succeeded", **facts: Any) -> Run:
    done = {"attempt": 1, "intended_at": clock()}
    steps = (
        runs.step(name="Add", status=undone, is_checkpoint=True, **done),
        runs.step(name="Fill", status="succeeded", undo=None, no_undo_reason=WHY, **done),
        runs.step(name="Look", status="pending"),
        runs.check(name="Try it"),
    )
    return runs.run_of(*steps, window=given.window(olga, starts_at=given.soon(5)), status=status, **facts)


def test_who_is_asked_to_roll_back_reads_what_would_stand(olga: Actor) -> None:
    run = with_a_step_that_stands(olga)
    stands = f"Without an undo, so it stands: Step 2 “Fill” ({WHY})."
    assert stands in text(browser(olga).get(f"/runs/{run.pk}")), "beside the button"
    asked = text(browser(olga).get(f"/runs/{run.pk}/roll-back"))
    assert stands in asked and "Every touched step that has an undo is undone" in asked
    assert "Left as it is, without an undo: 2 “Fill”." in text(browser(olga).get(f"/runs/{run.pk}/steps/1/back"))


def test_a_run_that_was_rolled_back_shows_what_stands(olga: Actor) -> None:
    ended = {"wake_at": None, "ended_at": clock()}
    shown = text(browser(olga).get(f"/runs/{with_a_step_that_stands(olga, RunStatus.ROLLED_BACK, 'compensated', **ended).pk}"))
    assert f"Stands 2 · Fill (no undo: {WHY})" in shown
    assert "1 of 1 steps; 1 without an undo stands" in shown
