"""An intent: what a worker is about to do, as it was committed before anything is done. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Direction = Literal["forward", "undo"]


@dataclass(frozen=True, slots=True)
class Intent:
    run_id: int
    position: int
    direction: Direction
    fence: int  # the run's fencing token: an outcome is written only while it is still this one
    attempt: int  # from 1, of this direction
    deadline: datetime  # when this attempt's time is up
    kind: str
    verb: Literal["run", "compensate"]  # an explicit `undo:` action is *run*; without one the kind itself compensates
    params: dict[str, Any]
    checkpoint: dict[str, Any]
    interruptible: bool
    round: int = 1  # a step done anew after a rollback to a checkpoint is another deed than the one that was undone
    proves: bool = False  # looks, after everything was undone, whether all is well
    at: datetime | None = None  # when the intent was written, by the database's clock …
    ticks: float = 0.0  # … and by this process's monotonic one

    @property
    def key(self) -> str:
        """The same for every attempt, so that a target which honours it applies the effect once."""
        again = f":{self.round}" if self.round > 1 else ""
        return f"{self.run_id}:{self.position}:{self.direction}{again}"
