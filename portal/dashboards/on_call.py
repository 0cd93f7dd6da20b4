"""The on-call board: one panel that a browser asks for every two seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal.dashboards.automation import automation
from portal.dashboards.checklist import incident
from portal.dashboards.live import live
from windows.access.roles import Actor
from windows.alerts.queries import firing
from windows.scheduling.queries.trail import hidden_from

FIRING = 8  # on one screen


def on_call(viewer: Actor, now: datetime) -> dict[str, Any]:
    """What its template shows."""
    runs, more = live(viewer, now)
    return {
        "runs": runs,
        "more": more,
        "signs": automation(now),
        "alerts": firing(hidden=hidden_from(viewer), limit=FIRING),
        "items": incident(runs) if runs else [],
    }
