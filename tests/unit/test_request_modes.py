"""Whether a runbook's flags fit what its window says that users get."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.pages.request.modes import unlike
from windows.runbooks.spec.model import ActionSpec, StepSpec

HERE = {"service": "orders", "environment": "production"}
PLACES = {("orders", "production")}


def steps(*modes: str) -> list[StepSpec]:
    flags = [StepSpec(f"Set {mode}", ActionSpec("flag", {"mode": mode, **HERE}), timedelta(minutes=1)) for mode in modes]
    undo = ActionSpec("flag", {"mode": "offline"})
    back = StepSpec("Put back", ActionSpec("flag", {"mode": "offline", **HERE}, "compensate"), timedelta(minutes=1), undo=undo)
    return [StepSpec("Look", ActionSpec("wait", {}), timedelta(minutes=1), undo=undo), *flags, back]


@pytest.mark.parametrize(
    ("mode", "sets", "text"),
    [
        ("read_only", ("read_only", "normal"), ""),
        ("read_only", ("degraded", "read_only", "normal"), ""),
        ("degraded", (), ""),
        ("normal", (), ""),
        ("rerouted", (), ""),
        ("read_only", (), "No step of the runbook sets a flag there, and this window says that users get read-only."),
        ("offline", ("normal",), "No step of the runbook sets a flag there, and this window says that users get offline."),
        ("normal", ("offline", "normal"), "The runbook sets offline; this window says that users get normal."),
        ("degraded", ("read_only", "throttled"), "The runbook sets read-only and throttled; this window says that users get degraded."),
        ("read_only", ("read_only", "offline"), "The runbook sets offline; this window says that users get read-only."),
        ("offline", ("read_only",), "The runbook sets read-only; this window says that users get offline."),
    ],
)
def test_a_mode_and_a_runbook_that_disagree_are_said(mode: str, sets: tuple[str, ...], text: str) -> None:
    assert unlike(mode, steps(*sets), PLACES) == text


def test_a_flag_at_another_place_says_nothing_of_this_window() -> None:
    elsewhere = [StepSpec("Try", ActionSpec("flag", {"mode": "offline", **HERE, "environment": "staging"}), timedelta(minutes=1))]
    assert unlike("degraded", elsewhere, PLACES) == ""
