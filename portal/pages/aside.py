"""What needs me, beside the lanes of the home page: a panel with an address of its own, asked for again and again and mostly unchanged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from portal.strip import strip_of
from slo.objectives.queries import health, promises
from windows.access.pages import chosen_environment, reads
from windows.access.requests import actor_of
from windows.access.roles import Actor, Subject, Verb, permitted
from windows.approvals.queries import awaiting, standings
from windows.audit.clock import clock
from windows.catalogue.models import Service
from windows.scheduling.queries import CalendarEntry, FreezeView, calendar, conflicts_ahead, freezes
from windows.scheduling.queries.calendar import CalendarFilter
from windows.scheduling.queries.moves import asked_of

NEXT, WAITING, BUDGETS = 4, 6, 4
AT_RISK = 0.25  # of its budget left: below, work that is not critical waits
AHEAD, FREEZES_AHEAD = timedelta(days=14), timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A window about to begin, or late, and in sentences what still stands in its way. `latest`: until when one that is late can begin;
    `may_start`: this viewer may begin it now."""

    window: CalendarEntry
    unmet: tuple[str, ...]
    latest: datetime | None = None
    may_start: bool = False


@dataclass(frozen=True, slots=True)
class AtRisk:
    """An objective with little of its budget left: a share, below zero where it is overspent."""

    objective: str
    service: str
    left: float


def aside(request: HttpRequest, now: datetime) -> tuple[SafeString, str]:
    """The panel as HTML, and its tag. The number of queries follows neither windows nor requests."""
    actor = actor_of(request)
    frozen = freezes(now, now + FREEZES_AHEAD)
    mine = frozenset(team for team, _ in actor.roles)
    waiting, asked = awaiting(actor), asked_of(actor)
    context: dict[str, Any] = {
        "now": now.replace(second=0, microsecond=0),
        "zone": getattr(request.user, "timezone", "UTC"),
        "live": strip_of(request, actor),
        "waiting": waiting[:WAITING],
        "asked": asked[:WAITING],
        "waiting_count": len(waiting) + len(asked),
        "upcoming": upcoming(actor, mine, now, chosen_environment(request) or None, frozen),
        "budgets": at_risk(mine, now),
        "freeze": next(iter(frozen), None),
    }
    inside = render_to_string("portal/_aside.html", context)
    etag = f'"{hashlib.sha256(inside.encode()).hexdigest()[:24]}"'
    shown = render_to_string("portal/_aside_frame.html", {"inside": mark_safe(inside), "etag": etag})  # noqa: S308 - a rendered template
    return mark_safe(shown), etag  # noqa: S308 - a rendered template


@reads
def aside_panel(request: HttpRequest) -> HttpResponse:
    """304 while nothing that can be seen has changed."""
    shown, etag = aside(request, clock())
    response = HttpResponseNotModified() if request.headers.get("If-None-Match") == etag else HttpResponse(shown)
    response["ETag"] = etag
    return response


def upcoming(actor: Actor, mine: frozenset[str], now: datetime, environment: str | None, frozen: list[FreezeView]) -> list[Upcoming]:
    """The next approved windows that my teams plan (of all teams, for who belongs to none)."""
    ahead = calendar(CalendarFilter(since=now, until=now + AHEAD, environment=environment, status=("approved",), limit=200), actor)
    chosen = [entry for entry in ahead if not mine or entry.team in mine][:NEXT]
    ids = [entry.id for entry in chosen]
    approvals, clashes = standings(ids), conflicts_ahead(ids, actor, now, frozen)
    found = []
    for entry in chosen:
        latest = min(entry.starts_at + settings.ROADWORKS.latest_start, entry.ends_at)
        over = ("Its latest start has passed: move it to another time.",) if latest < now else ()
        against = tuple(one.heading for one in clashes.get(entry.id, ()) if one.severity == "hard")
        unmet = (*over, *(approvals[entry.id].reasons if entry.id in approvals else ()), *against)
        is_due = entry.starts_at <= now <= latest
        subject = Subject(team=entry.team, coordinator_id=entry.coordinator_id)
        may_start = is_due and not unmet and permitted(actor, Verb.START, subject)
        found.append(Upcoming(entry, unmet, latest if is_due else None, may_start))
    return found


def at_risk(mine: frozenset[str], now: datetime) -> list[AtRisk]:
    """The objectives of my teams' services (of all, for who belongs to none) with the least left, worst first. Two queries."""
    services: Any = Service.objects.filter(team__slug__in=mine).values("slug") if mine else None
    wanted = promises(services=services)
    told = [(one.promise, one.figures.raw.remaining) for one in health(wanted, now)] if wanted else []
    found = [AtRisk(promise.slug, promise.service, left) for promise, left in told if left is not None and left < AT_RISK]
    return sorted(found, key=lambda one: one.left)[:BUDGETS]
