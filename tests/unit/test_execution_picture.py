"""Which gates of a run are drawn first, which are a line of words, and where it turned back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from windows.execution.queries.gates import GateView, Reading
from windows.execution.views.picture import gates, marks

T = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@dataclass
class Step:
    position: int
    status: str
    phase: str = "step"
    intended_at: datetime | None = None
    ended_at: datetime | None = None
    undo_started_at: datetime | None = None
    undo_ended_at: datetime | None = None
    is_current: bool = False
    undoes: bool = True


@dataclass
class Run:
    status: str
    steps: list[Step] = field(default_factory=list)
    gates: tuple[GateView, ...] = ()
    current: Step | None = None
    is_live: bool = True
    now: datetime = T
    created_at: datetime = T


def gate(name: str, position: int | None = None, verdict: str = "pass", points: int = 1) -> GateView:
    read = [Reading(name, position, T + timedelta(seconds=n), 1.0, "pass", False, "") for n in range(points - 1)]
    last = Reading(name, position, T + timedelta(seconds=points), 1.0, verdict, False, "")
    return GateView(name=name, position=position, source="", is_share=False, passing=None, failing=None, on_fail="", points=(*read, last))


def places(run: Any) -> tuple[list[str], list[str], list[str]]:
    found = gates(run)
    return [one.name for one in found.first], [one.name for one in found.beside], [one.name for one in found.over]


ALL = (gate("watch"), gate("watch that fails", verdict="fail"), gate("behind", 4, points=9), gate("here", 9))


def test_what_decides_now_comes_first_and_what_is_behind_is_a_line_of_words() -> None:
    assert places(Run("running", gates=ALL, current=Step(9, "waiting"))) == (["watch that fails", "here"], ["watch"], ["behind"])


def test_of_a_run_that_ended_what_did_not_pass_comes_first_and_what_was_measured_often_is_drawn() -> None:
    assert places(Run("rolled_back", gates=ALL, is_live=False)) == (["watch that fails"], ["watch", "behind"], ["here"])


@pytest.mark.parametrize(("status", "turned"), [("rolled_back", [2]), ("rolling_back", [2]), ("stuck", [2]), ("succeeded", [])])
def test_the_last_step_that_had_begun_is_where_it_turned_back(status: str, turned: list[int]) -> None:
    steps = [
        Step(1, "compensated", intended_at=T), Step(2, "compensated", intended_at=T + timedelta(seconds=9)), Step(3, "pending"),
        Step(4, "succeeded", "proof", intended_at=T + timedelta(minutes=1)),
    ]  # fmt: skip
    found: Any = Run(status, steps)
    assert [mark.step.position for mark in marks(found) if mark.turned] == turned
