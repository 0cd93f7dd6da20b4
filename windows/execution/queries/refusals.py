"""Why a window did not begin, so far."""

from __future__ import annotations

from windows.audit.queries import TrailEntry, trail
from windows.execution.models import Run
from windows.scheduling.models import Window

REFUSED = "window.start_refused"


def last_refusal(window: Window) -> TrailEntry | None:
    """The entry of the last time that its start was refused, with the `reason`."""
    return next(iter(trail(window=window.reference, kinds=[REFUSED], newest_first=True, limit=1)), None)


def why_not_begun(window: Window) -> str:
    """The later of the last refusal and the last run, which was blocked; empty where nobody tried."""
    refusal, run = last_refusal(window), Run.objects.filter(window=window, rehearsal="").order_by("-number").first()
    if refusal and (run is None or refusal.at > run.created_at):
        return str(refusal.data["reason"])
    return run.reason if run else ""
