"""The change freezes over a window at a moment, and which of them nobody accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windows.scheduling.queries import FreezeView, freezes_for
from windows.scheduling.queries.overrides import freezes_accepted


@dataclass(frozen=True, slots=True)
class Freezes:
    """`in_force`, the gravest first; `barring` are the hard ones, and the soft ones that no two people accept for this moment."""

    in_force: tuple[FreezeView, ...]
    barring: tuple[FreezeView, ...]

    @property
    def refusal(self) -> str:
        """Why a run may not begin under them, in a sentence; empty where it may."""
        worst = next(iter(self.barring), None)
        return f"The change freeze “{worst.title}” is in force until {worst.ends_at:%Y-%m-%d %H:%M} UTC." if worst else ""

    @property
    def evidence(self) -> dict[str, Any]:
        return {"freezes": [{"title": f.title, "severity": f.severity, "until": f.ends_at.isoformat()} for f in self.in_force]}


def freezes_over(window_id: int, now: datetime) -> Freezes:
    """To be sure that none is made meanwhile, ask after `see_freezes`."""
    found = freezes_for(window_id, now)
    accepted = freezes_accepted(window_id, now) if any(f.severity == "soft" for f in found) else set()
    barring = [f for f in found if f.severity == "hard" or (f.severity == "soft" and f.id not in accepted)]
    return Freezes(tuple(found), tuple(barring))
