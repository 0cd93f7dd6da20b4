"""The on-call board: one panel that a browser asks for every two seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal.dashboards.automation import automation
from portal.dashboards.checklist import incident
from portal.dashboards.live import live
from windows.access.roles import Actor
from windows.alerts.queries import firing
from windows.catalogue.queries import rota
from windows.execution.models import LIVE
from windows.execution.queries.rows import run_rows
from windows.playbooks.queries import guides_for
from windows.scheduling.queries.trail import hidden_from

FIRING = 8  # on one screen
REHEARSALS = 5
TEAMS = 12  # those whom nobody answers for come first; the rest stand on their own page


def on_call(viewer: Actor, now: datetime) -> dict[str, Any]:
    """What its template shows. Rehearsals stand apart: they are no maintenance, and nobody is woken by one."""
    runs, more = live(viewer, now)
    alerts = firing(hidden=hidden_from(viewer), limit=FIRING)
    return {
        "runs": runs,
        "more": more,
        "rehearsals": run_rows(viewer, limit=REHEARSALS, statuses=LIVE, rehearsals=True)[:REHEARSALS],
        "signs": automation(now),
        "teams": sorted(rota(now), key=lambda team: (bool(team.people) and not team.error, team.name))[:TEAMS],
        "alerts": alerts,
        "guides": guides_for((alert.name, alert.service) for alert in alerts),
        "items": incident(runs) if runs else [],
    }
