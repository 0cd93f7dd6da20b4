"""Canary analysis: one measurement beside another of the same thing, before the window or on a group it leaves alone. Pure.

What is judged is `now ÷ then` or `now − then`, by the gate's own thresholds. A side that proves nothing makes a comparison that proves
nothing; so does a difference between two shares that chance alone would bring about.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from windows.actions.gates import Reading

By = Literal["ratio", "difference"]
CERTAIN = 1.96  # standard errors: chance alone does that once in twenty


def compared(here: Reading, there: Reading, by: By, called: str) -> Reading:
    """`here` beside `there`, which is told as `called` ("the control group"). `samples` are those of the smaller side."""
    if here.error or here.value is None:
        return here
    if there.error or there.value is None:
        why = there.error or there.reason or "no data"
        return replace(there, value=None, error=f"{called}: {why}" if there.error else "", reason=f"{called}: {why}")
    counts = [side.samples for side in (here, there) if side.samples is not None]
    fewest = min(counts) if counts else None
    if not (math.isfinite(here.value) and math.isfinite(there.value)):
        return Reading(None, fewest, here.newest_at, reason=f"{here.value:g} beside {there.value:g} of {called} is no comparison")
    if by == "difference":
        return Reading(here.value - there.value, fewest, here.newest_at)
    if there.value:
        return Reading(here.value / there.value, fewest, here.newest_at)
    if not here.value:
        return Reading(1.0, fewest, here.newest_at)  # nothing here, nothing there: the same
    return Reading(None, fewest, here.newest_at, reason=f"{called} measured 0: nothing can be so many times as much")


def may_be_chance(here: Reading, there: Reading) -> bool:
    """Whether two shares of counted events differ by no more than chance would make them (two-proportion z-test, 95 %).

    False where a side was not counted, or is no share: then only the thresholds speak.
    """
    if here.value is None or there.value is None or not here.samples or not there.samples:
        return False
    if not (0 <= here.value <= 1 and 0 <= there.value <= 1):
        return False
    pooled = (here.value * here.samples + there.value * there.samples) / (here.samples + there.samples)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / here.samples + 1 / there.samples))
    return abs(here.value - there.value) <= CERTAIN * spread
