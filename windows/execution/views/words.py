"""What each verb over a run means, in the words of its button, its sheet and its question."""

from __future__ import annotations

from typing import Any

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
