"""One deadline and one stop signal for a whole exchange, asked between slices of waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from windows.actions.ports import Stopped, TimedOut

SLICE = 0.2  # seconds: how late a stop or a deadline may be noticed


@dataclass(frozen=True, slots=True)
class Limits:
    """`ends` is monotonic time. The wall clock may jump; a deadline is turned into this once, when the call begins."""

    ends: float
    stop: Callable[[], bool]

    @classmethod
    def of(cls, seconds: float, stop: Callable[[], bool]) -> Limits:
        return cls(time.monotonic() + seconds, stop)

    def within(self, seconds: float | None) -> Limits:
        """These limits, or shorter ones."""
        return self if seconds is None else Limits(min(self.ends, time.monotonic() + seconds), self.stop)

    @property
    def left(self) -> float:
        return max(0.0, self.ends - time.monotonic())

    def check(self, what: str) -> float:
        """Seconds to wait now (a slice at most); raises Stopped or TimedOut naming `what`."""
        if self.stop():
            raise Stopped(f"{what} was stopped")
        if self.left <= 0:
            raise TimedOut(f"{what} did not end in time")
        return min(SLICE, self.left)
