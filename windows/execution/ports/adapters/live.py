"""The live rows of a window: by them tags, /metrics and the status page know that it is open."""

from __future__ import annotations

from windows.actions.ports import Observed
from windows.execution.commands.transitions import open_live
from windows.execution.models import Surface
from windows.execution.ports.limits import Limits
from windows.live.queries import live_scopes


def observe(row: Surface, limits: Limits) -> Observed:
    found = len(live_scopes(window=row.window.reference))
    return Observed(found == row.desired["scopes"], {"scopes": found}, f"{found} of {row.desired['scopes']} places are marked as open.")


def mend(row: Surface, limits: Limits) -> Observed:
    open_live(row.run, row.run.started_at or row.created_at)
    return observe(row, limits)


def end(row: Surface, limits: Limits) -> str:
    return "Closed with the window."  # by the transition that ended it
