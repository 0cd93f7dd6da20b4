"""The card beside a bar: one window in a few lines. What it says, the window's page says as well."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from portal.pages.calendar import zone_of
from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.approvals.queries import approval_view
from windows.audit.clock import clock
from windows.execution.queries.live import live_states
from windows.lifecycle.states import WindowStatus
from windows.scheduling.clock_changes import clock_changes
from windows.scheduling.queries import conflicts_of, window_id_of, window_view

W = WindowStatus


@reads
def card(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    now = clock()
    ahead = view.status in (W.DRAFT, W.REQUESTED, W.APPROVED)
    zones = dict.fromkeys((view.timezone, zone_of(request).key))
    request_now = next(iter(approval_view(view.id, actor)), None)
    context = {
        "window": view,
        "now": now,
        "zone": zone_of(request).key,
        "clock_changes": [(name, one.words) for name in zones for one in clock_changes(view.starts_at, view.ends_at, ZoneInfo(name))],
        "state": live_states().get(view.id, view.status),
        "approval": request_now,
        "signed": sum(one.counts and one.decision == "approved" for one in request_now.signatures) if request_now else 0,
        "conflicts": conflicts_of(view.id, actor, now) if ahead else [],
        "places": sorted({f"{row.service}, {row.environment}" for row in view.scope}),
        "length": view.ends_at - view.starts_at,
    }
    return HttpResponse(render_to_string("scheduling/_card.html", context), headers={"Cache-Control": "private, max-age=10"})
