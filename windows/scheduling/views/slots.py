"""The panel of free slots: for the fields of a request as they are typed, or for a window."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.errors import Invalid
from windows.scheduling.forms import MOST_ROWS, scope_rows, whole
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.queries.free import Sought, free_slots, sought_for_scope, sought_for_window
from windows.scheduling.times import zone

AHEAD = timedelta(days=14)


@reads
def slots_panel(request: HttpRequest) -> HttpResponse:
    """Takes the fields of the request form: service_0, environment_0, region_0 …, minutes, timezone, coordinator_id."""
    sent = request.GET
    name = sent.get("timezone", "").strip() or "UTC"
    return panel(request, name, lambda now: typed(sent, now))


@reads
def window_slots_panel(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    return panel(request, view.timezone, lambda now: sought_for_window(view.id, actor, now, now + AHEAD), reference)


def typed(sent: Any, now: datetime) -> Sought:
    rows = scope_rows(sent, {n: [] for n in range(min(len(sent), MOST_ROWS))})
    minutes = whole(sent.get("minutes", ""), "minutes", "the length in minutes") or 0
    coordinator = whole(sent.get("coordinator_id", ""), "coordinator_id", "who runs it on the day")
    length = timedelta(minutes=min(minutes, 100_000))
    return sought_for_scope([(row.service, row.environment, row.region) for row in rows], length, now, now + AHEAD, coordinator)


def panel(request: HttpRequest, zone_name: str, asked: Any, reference: str = "") -> HttpResponse:
    now = clock()
    context: dict[str, Any] = {"zone": zone_name, "reference": reference}
    try:
        own = ZoneInfo(zone(zone_name).key)
        found = free_slots(asked(now), actor_of(request), now)
        context["slots"] = [(slot, f"{slot.begins.astimezone(own):%Y-%m-%dT%H:%M}") for slot in found]
    except Invalid as refused:
        context["refused"] = refused
    return render(request, "scheduling/_slots.html", context)
