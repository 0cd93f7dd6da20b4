"""The calendar: swim lanes, a month, an agenda; each with its own address, as a page and as the panel inside it."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.pages.agenda import days
from portal.pages.asked import STATES, TEXTS, TYPES, VIEWS, Asked, asked
from portal.pages.saved_views import kept_query, own_views, usual_view
from portal.templatetags.signs import SIGNS
from portal.templatetags.timeline import Timeline
from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.audit.queries import trail_mark
from windows.catalogue.models import Environment, Service, Team
from windows.execution.queries.live import live_states
from windows.scheduling.axis import DAY, MAKERS, after, before, moment, monday, told
from windows.scheduling.clock_changes import clock_changes
from windows.scheduling.kept import Kept, eyes
from windows.scheduling.queries.board import BY, LANES, board
from windows.scheduling.queries.calendar import calendar
from windows.scheduling.queries.external import ExternalView, external_windows
from windows.scheduling.queries.freezes import freezes
from windows.scheduling.queries.month import month

AGENDA, ROWS = timedelta(days=14), 150
VENDORS = 24  # bars of the providers' row: more would push the lanes off the screen
VENDORS_A_DAY = 2  # in the month grid
SUGGESTED = 500  # services a filter suggests
MONTHS = Kept()


def zone_of(request: HttpRequest) -> ZoneInfo:
    return ZoneInfo(getattr(request.user, "timezone", "UTC"))


@reads
def calendar_page(request: HttpRequest) -> HttpResponse:
    """Asked for nothing in particular, it goes on to the view that its person chose for that."""
    if not request.GET and (usual := usual_view(actor_of(request).person_id)):
        return HttpResponseRedirect(f"{reverse('calendar')}?{usual.query}")
    inside, wanted, _ = panel(request)
    context = {
        "asked": wanted,
        "panel": inside,
        "teams": Team.objects.order_by("name").values_list("slug", "name"),
        "services": Service.objects.order_by("slug").values_list("slug", flat=True)[:SUGGESTED],
        "environments": Environment.objects.order_by("name").values_list("slug", "name"),
        "states": [(state, SIGNS[state][2], state in wanted.state) for state in STATES],
        "types": [(kind, kind.capitalize(), kind in wanted.change_type) for kind in TYPES],
    }
    return render(request, "scheduling/calendar.html", context)


@reads
def calendar_panel(request: HttpRequest) -> HttpResponse:
    """What a pan fetches. Its tag is that of its own words: an unchanged calendar is answered without a body."""
    inside, _, etag = panel(request)
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    return HttpResponse(inside, headers={"ETag": etag})


def panel(request: HttpRequest) -> tuple[SafeString, Asked, str]:
    """The panel, what it was asked for, and its tag. At its end it looks once a minute whether it is still right."""
    actor, zone, now = actor_of(request), zone_of(request), clock()
    wanted = asked(request, now.astimezone(zone).date())
    inside = month_of(wanted, actor, zone, now) if wanted.view == "month" else drawn(wanted, actor, zone, now)
    etag = f'"{hashlib.sha256(inside.encode()).hexdigest()[:24]}"'
    again = wanted.query(after=wanted.after)
    look = format_html('<div hidden hx-get="/calendar/panel{}" hx-trigger="every 60s" data-etag="{}"></div>', again, etag)
    return mark_safe(inside) + look, wanted, etag  # noqa: S308 - a rendered template


def month_of(wanted: Asked, actor: Actor, zone: ZoneInfo, now: datetime) -> str:
    """The month as it was drawn last, while nothing was done since (see windows.scheduling.kept): it knows the day, not the minute."""
    mark = f"{trail_mark()} {sorted(live_states().items())}"
    key = f"{eyes(actor)} {actor.person_id} {zone.key} {wanted}"
    kept = MONTHS.get(key, mark)
    if kept is not None:
        return kept.decode()
    inside = drawn(wanted, actor, zone, now)
    MONTHS.keep(key, mark, inside.encode())
    return inside


def drawn(wanted: Asked, actor: Actor, zone: ZoneInfo, now: datetime) -> str:
    shown = {"lanes": lanes, "month": grid, "agenda": agenda}[wanted.view](wanted, actor, zone, now)
    common = {"asked": wanted, "zone": zone.key, "now": now, "chips": chips(wanted), "segments": segments(wanted)}
    common |= {"today_query": wanted.query(on=wanted.today), "kept": wanted.place(), "keep": kept_query(wanted)}
    common |= {"views": own_views(actor.person_id)}
    return render_to_string("scheduling/_calendar.html", common | shown)


def lanes(wanted: Asked, actor: Actor, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    axis = wanted.axis(zone)
    found = board(wanted.filter(axis.since, axis.until), wanted.lanes(), actor)
    outside = vendors(wanted, axis.since, axis.until)
    line = Timeline(found, axis, zone, now, live_states(), wanted.by, outside, actor)
    return {
        "line": line,
        "clock_changes": clock_changes(axis.since, axis.until, zone),
        "heading": told(axis),
        "earlier": wanted.query(on=before(axis)),
        "later": wanted.query(on=after(axis)),
        "further": wanted.query(after=found.onward) if found.onward else "",
        "first": wanted.query(after="") if wanted.after else "",
        "most": LANES,
        "everything": f"/calendar/?by={wanted.by}",
    }


def vendors(wanted: Asked, since: datetime, until: datetime) -> list[ExternalView]:
    return external_windows(since, until, [wanted.service] if wanted.service else None)[:VENDORS]


def grid(wanted: Asked, actor: Actor, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    axis = wanted.axis(zone)
    first = monday(axis.day)
    weeks = -(-((after(axis) - first).days) // 7)
    last = first + DAY * 7 * weeks
    since, until = moment(first, zone), moment(last, zone)
    found = month(wanted.filter(since, until), actor, zone)
    frozen = [(one, one.starts_at.astimezone(zone).date(), last_day(one.ends_at, zone)) for one in freezes(since, until)]
    outside = [(one, one.starts_at.astimezone(zone).date(), one.ends_at.astimezone(zone).date()) for one in vendors(wanted, since, until)]
    states = live_states()
    cells = []
    for day in (first + DAY * n for n in range(7 * weeks)):
        here = found.get(day)
        cells.append({
            "day": day, "inside": day.month == axis.day.month, "today": day == wanted.today, "off": day.weekday() >= 5,
            "past": day < wanted.today,
            "more": here.more if here else 0, "freezes": [one for one, begins, ends in frozen if begins <= day <= ends],
            "vendors": [one for one, begins, ends in outside if begins <= day <= ends][:VENDORS_A_DAY],
            "href": wanted.query(view="lanes", zoom="day", on=day, busy=True),
            "planned": [(window, states.get(window.id, window.status)) for window in here.planned] if here else [],
        })  # fmt: skip
    return {
        "clock_changes": clock_changes(since, until, zone),
        "weeks": [cells[n : n + 7] for n in range(0, len(cells), 7)],
        "outside": outside,
        "heading": told(axis),
        "earlier": wanted.query(on=before(axis)),
        "later": wanted.query(on=after(axis)),
    }


def last_day(ends_at: datetime, zone: ZoneInfo) -> date:
    """The day on which something that ends then is still there: midnight is the end of the day before."""
    return (ends_at.astimezone(zone) - timedelta(microseconds=1)).date()


def agenda(wanted: Asked, actor: Actor, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    since = moment(wanted.on, zone)
    found = calendar(wanted.filter(since, since + AGENDA, limit=ROWS + 1), actor)
    states = live_states()

    rows = [(window, {"window": window, "state": states.get(window.id, window.status)}) for window in found[:ROWS]]
    return {
        "days": days(rows, freezes(since, since + AGENDA), vendors(wanted, since, since + AGENDA), since, zone),
        "planned": bool(rows),
        "clock_changes": clock_changes(since, since + AGENDA, zone),
        "heading": f"Two weeks from {wanted.on:%a} {wanted.on.day} {wanted.on:%b %Y}",
        "earlier": wanted.query(on=wanted.on - AGENDA),
        "later": wanted.query(on=wanted.on + AGENDA),
        "cut": len(found) > ROWS,
        "most": ROWS,
    }


def segments(wanted: Asked) -> list[dict[str, Any]]:
    """The switches: which face, how far, by what."""

    def switch(name: str, values: Any, label: str) -> dict[str, Any]:
        chosen = getattr(wanted, name)
        links = [
            ("Month grid" if (name, value) == ("view", "month") else value.capitalize(), wanted.query(**{name: value}), value == chosen)
            for value in values
        ]
        return {"name": name, "label": label, "links": links}

    found = [switch("view", VIEWS, "Show as")]
    return [*found, switch("zoom", MAKERS, "Zoom"), switch("by", BY, "A lane for each")] if wanted.view == "lanes" else found


def chips(wanted: Asked) -> list[tuple[str, str, str]]:
    """What narrows the calendar: (name, value, address without it)."""
    found = [(name.capitalize(), getattr(wanted, name), wanted.query(**{name: ""})) for name in TEXTS if getattr(wanted, name)]
    for name, label in (("state", "State"), ("change_type", "Change type")):
        kept = getattr(wanted, name)
        found += [(label, value.replace("_", " "), wanted.query(**{name: tuple(v for v in kept if v != value)})) for value in kept]
    return found + ([("Lanes", "with windows only", wanted.query(busy=False))] if wanted.busy else [])
