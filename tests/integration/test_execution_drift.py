"""What was changed by hand between a step and its undoing: the rollback stops there, overwrites nothing and pages (R-A10)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.given_runs import people, run_of, step
from windows.delivery.models import Message
from windows.execution.engine import loop
from windows.execution.models import Run
from windows.execution.ports.context import build

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAMS = {"release": 'echo "$1" >{state}', "released": "cat {state}", "breaks": 'if [ -n "$1" ]; then echo "$1" >{state}; fi; exit 1'}
SAYS = {"name": "released", "arguments": []}


@pytest.fixture
def state(tmp_path: Path, settings: Any) -> Path:
    """What the programs change, as a file that says which release is there."""
    (state := tmp_path / "state").write_text("1")
    (folder := tmp_path / "commands").mkdir()
    for name, text in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{text.format(state=state)}\n")
        (folder / name).chmod(0o755)
    settings.COMMANDS_DIR = folder
    return state


def released(meanwhile: str) -> Run:
    """Release 2, then a step that fails, in whose time somebody has released something else by hand."""
    undo = {"name": "release", "arguments": ["1"], "only_if": {**SAYS, "says": "2"}, "unless": {**SAYS, "says": "1"}}
    first = step(kind="command", params={"name": "release", "arguments": ["2"]}, undo={"kind": "command", "params": undo, "verb": "run"})
    nothing = {"undo": None, "no_undo_reason": "It does nothing.", "is_repeatable": False}
    second = step(kind="command", params={"name": "breaks", "arguments": [meanwhile]}, **nothing)
    run = run_of(first, second, window=people())
    loop.advance(run.pk, build)
    run.refresh_from_db()
    return run


def test_r_a10_what_is_as_it_was_left_is_undone(state: Path) -> None:
    run = released("")
    assert run.status == "rolled_back", run.reason
    assert state.read_text() == "1\n"


def test_r_a10_what_was_changed_by_hand_is_not_overwritten_and_pages(state: Path) -> None:
    run = released("3")
    assert run.status == "stuck", run.reason
    assert state.read_text() == "3\n"
    first = run.steps.get(position=1)
    assert (first.status, first.undo_attempt) == ("compensation_failed", 1), "what drifted is not tried again"
    assert "It is not as it was left: released says '3', '2' expected" in first.outcome
    assert Message.objects.filter(title__contains="is stuck").exists()


def test_r_a10_what_is_as_before_already_counts_as_undone(state: Path) -> None:
    """A worker that died after its compensation had taken effect, or a person who was faster."""
    run = released("1")
    assert run.status == "rolled_back", run.reason
    assert run.steps.get(position=1).outcome == "It was so already: nothing was done."
