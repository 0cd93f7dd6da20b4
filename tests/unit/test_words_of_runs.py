"""What a question says before a run begins, and how counts are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windows.execution.views.words import steps_told, turning_back
from windows.lifecycle.words import counted
from windows.runbooks.spec.model import ActionSpec, StepSpec


def step(**more: object) -> StepSpec:
    return StepSpec("Drop it", ActionSpec("sql", {}), timedelta(minutes=1), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("roll_back", "If it is not done by 2026-11-24 02:30 UTC, its turn-back time, it rolls back by itself."),
        ("hold", "If it is not done by 2026-11-24 02:30 UTC, its turn-back time, it is held and a person is asked."),
    ],
)
def test_what_happens_at_turn_back_time_is_a_sentence(policy: str, text: str) -> None:
    assert turning_back(datetime(2026, 11, 24, 2, 30, tzinfo=UTC), policy) == text


def test_steps_without_an_undo_are_counted_where_there_are_any() -> None:
    undone, look = step(undo=ActionSpec("sql", {})), step(phase="validation")
    assert steps_told([undone, look]) == "It has 2 steps."
    assert steps_told([step(no_undo_reason="It is gone.")]) == "It has 1 step, without an undo."
    assert steps_told([undone, undone, step(no_undo_reason="It is gone.")]) == "It has 3 steps, 1 of them without an undo."


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 hours"), (1, "1 hour"), (1.0, "1 hour"), (1.5, "1.5 hours"), (2, "2 hours"), (1_000_000, "1000000 hours")]
)
def test_one_is_not_many(number: float, text: str) -> None:
    assert counted(number, "hour") == text


def test_many_of_an_irregular_noun() -> None:
    assert [counted(number, "person", "people") for number in (1, 2)] == ["1 person", "2 people"]
