"""The agenda's days: each with the freezes and providers' maintenance that begin on it, and its windows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo


class Begins(Protocol):
    @property
    def starts_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Day:
    """What began before the first day shown stands on it. `heads`: the first that has windows, whose table says what its columns are."""

    day: date
    freezes: tuple[Any, ...]
    vendors: tuple[Any, ...]
    rows: tuple[Any, ...]
    heads: bool


def days(
    windows: Sequence[tuple[Begins, Any]], freezes: Sequence[Begins], vendors: Sequence[Begins], since: datetime, zone: ZoneInfo
) -> list[Day]:
    """The days on which something begins, in order; of each window its row. Times are judged on the clock of `zone`."""

    def on(one: Begins) -> date:
        return max(one.starts_at, since).astimezone(zone).date()

    def of(some: Iterable[Begins], day: date) -> tuple[Any, ...]:
        return tuple(one for one in some if on(one) == day)

    rows = [(on(window), row) for window, row in windows]
    shown = sorted({day for day, _ in rows} | {on(one) for one in (*freezes, *vendors)})
    first = min((day for day, _ in rows), default=None)
    return [Day(day, of(freezes, day), of(vendors, day), tuple(row for at, row in rows if at == day), heads=day == first) for day in shown]
