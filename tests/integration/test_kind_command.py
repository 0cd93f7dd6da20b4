"""The `command` kind with real programs: exit codes, what may be named, stopping."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.kind_context import FakeContext
from windows.actions.kinds import command
from windows.actions.outcomes import Done, Failed, Interrupted
from windows.actions.registry import perform
from windows.execution.ports.command import Command
from windows.outbound.limits import Limits


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    for name, text in {
        "codes": 'echo "about to leave"; exit "$1"',
        "slow": "sleep 30",
        "greet": 'printf "%s" "$GREETING"',
        "dies": "kill -KILL $$",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    made = FakeContext()
    made.command = Command(Limits.of(10, made.stop_requested), tmp_path, {}, made.lines.extend)
    return made


def params(name: str, *arguments: str, **more: object) -> dict:
    return command.Params.model_validate({"name": name, "arguments": list(arguments), **more}).model_dump(mode="json")


def test_it_ends_well_or_tells_its_last_line(ctx: FakeContext) -> None:
    assert perform("command", params("codes", "0"), "run", ctx) == Done("codes ended with 0.")
    assert perform("command", params("codes", "3", success=[0, 3]), "run", ctx) == Done("codes ended with 3.")
    assert perform("command", params("codes", "3"), "run", ctx) == Failed("codes ended with 3: about to leave")
    assert ctx.lines == ["about to leave"] * 3


def test_its_environment_is_what_the_runbook_says(ctx: FakeContext) -> None:
    assert isinstance(perform("command", params("greet", environment={"GREETING": "$(id)"}), "run", ctx), Done)
    assert ctx.lines == ["$(id)"]


def test_r_a10_what_somebody_changed_meanwhile_is_not_overwritten(ctx: FakeContext) -> None:
    """`codes N` says its last line and ends with N: it only looks."""
    as_left = {"name": "codes", "arguments": ["0"], "says": "about to leave"}
    guarded = params("greet", environment={"GREETING": "done"}, only_if=as_left, unless={"name": "codes", "arguments": ["1"]})
    assert isinstance(perform("command", guarded, "run", ctx), Done)
    assert ctx.lines.pop() == "done"
    drifted = perform("command", params("greet", only_if={**as_left, "says": "hello"}), "run", ctx)
    assert drifted == Failed("It is not as it was left: codes says 'about to leave', 'hello' expected. Nothing was done.", permanent=True)
    other = perform("command", params("greet", only_if={"name": "codes", "arguments": ["3"]}), "run", ctx)
    assert isinstance(other, Failed) and other.permanent and "codes ended with 3" in other.reason
    assert perform("command", params("greet", unless=as_left), "run", ctx) == Done("It was so already: nothing was done.")
    ended = perform("command", params("greet", unless={"name": "dies"}), "run", ctx)
    assert isinstance(ended, Failed) and not ended.permanent, "a look that was ended itself says nothing"
    assert set(ctx.lines) == {"about to leave"}


def test_a_command_that_is_not_there_can_never_work(ctx: FakeContext) -> None:
    outcome = perform("command", params("missing"), "run", ctx)
    assert isinstance(outcome, Failed)
    assert outcome.permanent


def test_it_stops_when_told(ctx: FakeContext) -> None:
    ctx.is_stopped = True
    assert isinstance(perform("command", params("slow"), "run", ctx), Interrupted)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../x"},
        {"name": "/bin/sh"},
        {"name": ""},
        {"name": "a b"},
        {"name": "x", "arguments": "a b"},
        {"name": "x", "arguments": ["a\x00b"]},
        {"name": "x", "arguments": [1]},
        {"name": "x", "environment": {"LD_PRELOAD": "y"}},
        {"name": "x", "environment": {"MAINTENANCE_WINDOW": "y"}},
        {"name": "x", "environment": {"PATH": "y"}},
        {"name": "x", "environment": {"a=b": "y"}},
        {"name": "x", "success": []},
    ],
    ids=str,
)
def test_r_s09_it_refuses(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        command.Params.model_validate(wrong)
