"""A flag that a step has set, beside what the store says now. A change somebody made by hand is shown, never overwritten."""

from __future__ import annotations

from windows.actions.ports import Observed
from windows.execution.models import Surface
from windows.execution.ports.limits import Limits
from windows.flags.queries import current, history
from windows.flags.routing import FlagKey
from windows.lifecycle.words import mode_in_words


def observe(row: Surface, limits: Limits) -> Observed:
    key = FlagKey(*row.name.split("/"))
    now = current(key)
    if now is None or (now.mode, now.version) == (row.desired["mode"], row.desired["version"]):
        return Observed(now is not None, {"mode": now.mode if now else "never set"}, f"Set to {mode_in_words(row.desired['mode'])}.")
    last = next(iter(history(key, limit=1)), None)
    by = (
        f"{last.actor} set it to {mode_in_words(last.mode)} at {last.at:%H:%M:%S} UTC{f' ({last.reason})' if last.reason else ''}."
        if last
        else ""
    )
    return Observed(now.mode == row.desired["mode"], {"mode": now.mode}, by)


def mend(row: Surface, limits: Limits) -> Observed:
    return observe(row, limits)


def end(row: Surface, limits: Limits) -> str:
    return "Its lease ends with the window."
