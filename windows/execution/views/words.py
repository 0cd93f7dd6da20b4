"""What each verb over a run means, in the words of its button, its sheet and its question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from windows.lifecycle.words import counted
from windows.runbooks.spec.model import StepSpec

QUESTIONS: dict[str, dict[str, Any]] = {
    "hold": {
        "title": "Hold the run",
        "consequence": "It stops at the next step boundary; a step that can be interrupted stops now. Users keep the present mode,"
        " and the clock runs on.",
        "button": "Hold",
        "icon": "held",
        "tone": "hold",
    },
    "resume": {
        "title": "Resume the run",
        "consequence": "It goes on from where it was held.",
        "button": "Resume",
        "icon": "running",
        "tone": "main",
    },
    "roll-back": {
        "title": "Roll the run back",
        "consequence": "Every touched step that has an undo is undone, the last one first. A step in flight is interrupted."
        " It cannot be called off.",
        "button": "Roll back",
        "icon": "rolledback",
        "tone": "back",
    },
    "abort": {
        "title": "Abort the run",
        "consequence": "It stops where it is and nothing is undone: what is done stays done. It takes two people; yours is one signature.",
        "button": "Sign the abort",
        "icon": "close",
        "tone": "danger",
        "reason": "required",
    },
    "retry": {
        "title": "Try again",
        "consequence": "What failed is tried again.",
        "button": "Try again",
        "icon": "retry",
        "tone": "main",
    },
}

AT_TURN_BACK = {"roll_back": "it rolls back by itself", "hold": "it is held and a person is asked"}


def turning_back(at: datetime, policy: str) -> str:
    return f"If it is not done by {at:%Y-%m-%d %H:%M} UTC, its turn-back time, {AT_TURN_BACK[policy]}."


def steps_told(steps: Sequence[StepSpec]) -> str:
    """How many, and how many of them nothing takes back; what only looks or proves is counted, and leaves nothing behind."""
    one_way = sum(bool(step.no_undo_reason) and step.undo is None for step in steps)
    which = "" if not one_way else ", without an undo" if len(steps) == 1 else f", {one_way} of them without an undo"
    return f"It has {counted(len(steps), 'step')}{which}."
