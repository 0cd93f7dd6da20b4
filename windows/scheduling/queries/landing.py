"""Which windows a freeze lands on, as somebody may know it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.scheduling.models import Window
from windows.scheduling.queries.conflicts import hidden_from
from windows.scheduling.queries.freezes import ExceptionView, FreezeView, windows_hit_by

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Landing:
    """`windows` are those that may be named, by begin, at most 100; `more` follow, `hidden` are confidential to this viewer.

    `times` are how many times of the freeze were looked at: one that recurs has many.
    """

    windows: tuple[Window, ...]
    more: int
    hidden: int
    times: int

    @property
    def number(self) -> int:
        return len(self.windows) + self.more + self.hidden


def landing(freezes: list[FreezeView], viewer: Actor) -> Landing:
    """Five queries, however many windows there are."""
    hit = windows_hit_by(freezes) if freezes else []
    hidden = hidden_from(viewer, {window.pk for window in hit if window.confidential})
    seen = sorted((window for window in hit if window.pk not in hidden), key=begins)
    return Landing(tuple(seen[:SHOWN]), max(len(seen) - SHOWN, 0), len(hidden), len(freezes))


def begins(window: Window) -> tuple[datetime, int]:
    return window.starts_at, window.pk


def excepting(freeze: FreezeView, teams: Iterable[str]) -> FreezeView:
    """The freeze, not binding these teams either: it is only thought of."""
    thought = tuple(ExceptionView(id=0, window="", team=team, reason="", made_by="", made_at=clock(), is_secret=False) for team in teams)
    return replace(freeze, exceptions=(*freeze.exceptions, *thought)) if thought else freeze
