"""What lies near a window, and how much room it has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from windows.signals.records import Line, Span

R = TypeVar("R", Span, Line)

NEAR = timedelta(hours=24)  # SPEC §23
OF_A_WINDOW, OF_A_DAY = 32 * 1024 * 1024, 8 * 1024 * 1024  # bytes of logs and traces: one window's, one service's without a tag
FULL = "%s has its %d MiB of logs and traces; of what follows only failures were kept, as long as there was room for them"


@dataclass(frozen=True, slots=True)
class Around:
    """Where and when a window was, or will be. An open end is in the far future."""

    service: str
    environment: str
    since: datetime
    until: datetime

    def is_near(self, one: Span | Line) -> bool:
        here = one.service == self.service and one.environment in ("", self.environment)
        return here and self.since - NEAR <= one.at <= self.until + NEAR


def rooms(one: Span | Line) -> dict[str, int]:
    """Whose room a record takes, and how much each has: its window's and, in that, its service's share, so that no sender fills it for all
    others; else its service's of that day."""
    if one.window:
        return {one.window: OF_A_WINDOW, f"{one.service} in {one.window}": OF_A_WINDOW * 3 // 4}
    return {f"{one.service} {one.at.astimezone(UTC):%Y-%m-%d}": OF_A_DAY}


def fitting(records: Iterable[R], taken: Mapping[str, int]) -> tuple[list[R], dict[str, int], dict[str, int]]:
    """What there is room for, the room that is then taken, and what was refused: reason → count.

    Half of the room is for failures alone: a busy service must not crowd out what people will look for."""
    kept: list[R] = []
    after, refused = dict(taken), dict[str, int]()
    for one in records:
        asked = rooms(one)
        full = [who for who, whole in asked.items() if after.get(who, 0) + one.size > (whole if one.is_failure else whole // 2)]
        if full:
            reason = FULL % (full[0], asked[full[0]] >> 20)
            refused[reason] = refused.get(reason, 0) + 1
        else:
            after |= {who: after.get(who, 0) + one.size for who in asked}
            kept.append(one)
    return kept, after, refused
