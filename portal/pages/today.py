"""The home page: my teams' windows from yesterday to three days ahead, and beside them what needs me."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.pages.calendar import zone_of
from portal.strip import strip
from portal.templatetags.timeline import Timeline
from windows.access.pages import chosen_environment, reads
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.approvals.queries import awaiting, standing
from windows.audit.clock import clock
from windows.execution.queries.live import live_states
from windows.scheduling.axis import around
from windows.scheduling.queries import CalendarEntry, FreezeView, calendar, conflicts_of, freezes
from windows.scheduling.queries.board import Lanes, board
from windows.scheduling.queries.calendar import CalendarFilter

LANES, NEXT, WAITING = 40, 4, 6
AHEAD, FREEZES_AHEAD = timedelta(days=14), timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A window about to begin, and in sentences what still stands in its way."""

    window: CalendarEntry
    unmet: tuple[str, ...]


@reads
def today(request: HttpRequest) -> HttpResponse:
    actor, zone, now = actor_of(request), zone_of(request), clock()
    axis = around(now.astimezone(zone).date(), zone)
    mine = frozenset(team for team, _ in actor.roles)
    environment = chosen_environment(request) or None
    found = board(CalendarFilter(since=axis.since, until=axis.until, environment=environment), Lanes(teams=mine, most=LANES), actor)
    waiting = awaiting(actor)
    context = {
        "now": now,
        "mine": mine,
        "line": Timeline(found, axis, zone, now, live_states()),
        "heading": "from yesterday to three days ahead",
        "later": "",
        "most": LANES,
        "live": strip(actor),
        "waiting": waiting[:WAITING],
        "waiting_count": len(waiting),
        "upcoming": upcoming(actor, mine, now, environment),
        "freeze": next_freeze(now),
    }
    return render(request, "portal/today.html", context)


def upcoming(actor: Actor, mine: frozenset[str], now: datetime, environment: str | None = None) -> list[Upcoming]:
    """The next approved windows that my teams plan (of all teams, for who belongs to none)."""
    ahead = calendar(CalendarFilter(since=now, until=now + AHEAD, environment=environment, status=("approved",), limit=200), actor)
    chosen = [entry for entry in ahead if not mine or entry.team in mine][:NEXT]
    return [Upcoming(entry, unmet(entry, actor, now)) for entry in chosen]


def unmet(entry: CalendarEntry, actor: Actor, now: datetime) -> tuple[str, ...]:
    late = ("Its time has begun and nobody has started it.",) if entry.starts_at < now else ()
    against = tuple(f"{one.what}: {one.who}" for one in conflicts_of(entry.id, actor, now) if one.severity == "hard")
    return (*late, *standing(entry.id).reasons, *against)


def next_freeze(now: datetime) -> FreezeView | None:
    return next(iter(freezes(now, now + FREEZES_AHEAD)), None)
