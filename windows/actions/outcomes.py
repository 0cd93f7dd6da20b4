"""What an action answers. Plain values: the engine writes them down, an action never touches its own row.

`checkpoint` is a small JSON object the action finds again in `ctx.checkpoint` on its next call (of either verb); None keeps the
one there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

Checkpoint = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """It is so. `note` is one sentence for people."""

    note: str = ""
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: call me again at `until` (UTC). The worker is free meanwhile."""

    until: datetime
    checkpoint: Checkpoint | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class AwaitHuman:
    """A person must say that it is done; `prompt` is what they are asked."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work; its effect may be there in part. `permanent` says that trying again cannot help."""

    reason: str
    permanent: bool = False
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """It stopped because it was asked to, and left nothing running."""

    checkpoint: Checkpoint | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Undecided:
    """A gate that stays inconclusive: hold, ask on-call once. `readings` are the last ten, oldest first, each a JSON object.

    `otherwise` is done when nobody answers in time: "roll_back", or "hold" on.
    """

    reason: str
    readings: tuple[dict[str, Any], ...] = ()
    checkpoint: Checkpoint | None = None
    otherwise: str = "roll_back"


Outcome = Done | Wait | AwaitHuman | Failed | Interrupted | Undecided
