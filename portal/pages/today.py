"""The home page: my teams' windows from yesterday to three days ahead, and beside them what needs me."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.pages.aside import aside
from portal.pages.calendar import zone_of
from portal.templatetags.timeline import Timeline
from windows.access.pages import chosen_environment, reads
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.execution.queries.live import live_states
from windows.scheduling.axis import around
from windows.scheduling.queries.board import Lanes, board
from windows.scheduling.queries.calendar import CalendarFilter

LANES = 40


@reads
def today(request: HttpRequest) -> HttpResponse:
    actor, zone, now = actor_of(request), zone_of(request), clock()
    axis = around(now.astimezone(zone).date(), zone)
    mine = frozenset(team for team, _ in actor.roles)
    wanted = CalendarFilter(since=axis.since, until=axis.until, environment=chosen_environment(request) or None)
    context = {
        "now": now,
        "mine": mine,
        "line": Timeline(board(wanted, Lanes(teams=mine, most=LANES), actor), axis, zone, now, live_states(), viewer=actor),
        "heading": "from yesterday to three days ahead",
        "later": "",
        "most": LANES,
        "aside": aside(request, now)[0],
    }
    return render(request, "portal/today.html", context)
