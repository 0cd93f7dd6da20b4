"""The boards as pages, each panel at an address of its own, and its data as CSV."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from portal.charts.tables import csv_of
from portal.dashboards.debug import Asked, debug
from portal.dashboards.executive import PANELS, RANGES, USUAL, Reading, executive
from portal.dashboards.measures import AskedFor, measures
from portal.dashboards.on_call import on_call
from portal.dashboards.panels import Panel
from windows.access.pages import chosen_environment, reads
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.catalogue.models import Service, Team
from windows.errors import Invalid, NotFound

BOARDS = (("executive", "Executive"), ("measures", "Measures"), ("on-call", "On call"), ("debug", "Debug"))
SUGGESTED = 500  # services a filter offers
Compose = Callable[[HttpRequest, str], Panel | None]


def span_of(request: HttpRequest) -> str:
    span = request.GET.get("range", USUAL)
    if span not in RANGES:
        raise Invalid("Choose 28d, quarter or year.", field="range")
    return span


@reads
def first_board(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("executive"))


@reads
def executive_page(request: HttpRequest) -> HttpResponse:
    span, now = span_of(request), clock()
    figures, panels = executive(actor_of(request), now, span)
    ranges = [(name, words, name == span) for name, (words, _) in RANGES.items()]
    return render(
        request,
        "dashboards/executive.html",
        {
            "figures": figures,
            "panels": panels,
            "ranges": ranges,
            "now": now,
            "boards": BOARDS,
            "board": "executive",
            "query": query_of(request),
        },
    )


@reads
def on_call_page(request: HttpRequest) -> HttpResponse:
    inside = on_call_inside(request)
    return render(request, "dashboards/on_call.html", {"inside": inside, "etag": etag_of(inside), "boards": BOARDS, "board": "on-call"})


@reads
def on_call_panel(request: HttpRequest) -> HttpResponse:
    """304 while nothing that can be seen has changed."""
    return polled(request, on_call_inside(request), "dashboards/_live.html")


def on_call_inside(request: HttpRequest) -> str:
    return render_to_string("dashboards/_on_call.html", on_call(actor_of(request), clock()), request)


def of_executive(request: HttpRequest, name: str) -> Panel | None:
    compose = PANELS.get(name)
    return compose(Reading(actor_of(request), clock(), span_of(request))) if compose else None


def asked_of(request: HttpRequest) -> Asked:
    return Asked(request.GET.get("window", "")[:20], request.GET.get("service", "")[:63], chosen_environment(request))


@reads
def debug_page(request: HttpRequest) -> HttpResponse:
    now = clock()
    choices, panels = debug(actor_of(request), now, asked_of(request))
    context = {"now": now, "choices": choices, "panels": panels, "boards": BOARDS, "board": "debug", "query": query_of(request)}
    return render(request, "dashboards/debug.html", context)


def of_debug(request: HttpRequest, name: str) -> Panel | None:
    return named(name, debug(actor_of(request), clock(), asked_of(request))[1])


def measures_of(request: HttpRequest) -> AskedFor:
    return AskedFor(request.GET.get("range", USUAL), request.GET.get("team", "")[:63], request.GET.get("service", "")[:63])


@reads
def measures_page(request: HttpRequest) -> HttpResponse:
    asked, now = measures_of(request), clock()
    figures, panels = measures(actor_of(request), now, asked)

    def address(span: str) -> str:
        return "?" + urlencode({"range": span, "team": asked.team, "service": asked.service})

    context = {
        "figures": figures,
        "panels": panels,
        "ranges": [(name, words, name == asked.span, address(name)) for name, (words, _) in RANGES.items()],
        "asked": asked,
        "teams": Team.objects.order_by("name").values_list("slug", "name"),
        "services": Service.objects.order_by("name").values_list("slug", "name")[:SUGGESTED],
        "now": now,
        "boards": BOARDS,
        "board": "measures",
        "query": query_of(request),
    }
    return render(request, "dashboards/measures.html", context)


def of_measures(request: HttpRequest, name: str) -> Panel | None:
    return named(name, measures(actor_of(request), clock(), measures_of(request))[1])


COMPOSED: dict[str, Compose] = {"executive": of_executive, "measures": of_measures, "debug": of_debug}


def named(name: str, panels: list[Panel]) -> Panel | None:
    return next((panel for panel in panels if panel.name == name), None)


def one_of(request: HttpRequest, board: str, name: str) -> Panel:
    found = COMPOSED[board](request, name)
    if found is None:
        raise NotFound("There is no such panel now.")
    return found


@reads
def panel_page(request: HttpRequest, board: str, name: str) -> HttpResponse:
    """One panel alone, its table open, with the windows behind its figure."""
    panel = one_of(request, board, name)
    return render(request, "dashboards/one.html", {"panel": panel, "boards": BOARDS, "board": board, "query": query_of(request)})


@reads
def panel_csv(request: HttpRequest, board: str, name: str) -> HttpResponse:
    chart = one_of(request, board, name).chart
    if chart is None:
        raise NotFound("This panel has no chart.")
    return HttpResponse(
        csv_of(chart),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{chart.name}.csv"'},
    )


def query_of(request: HttpRequest) -> str:
    """What was asked for, to be carried on by links."""
    asked = request.GET.urlencode()
    return f"?{asked}" if asked else ""


def polled(request: HttpRequest, inside: str, template: str) -> HttpResponse:
    """The panel with its ETag; 304 where the browser has it."""
    etag = etag_of(inside)
    if request.headers.get("If-None-Match") == f'"{etag}"':
        unchanged = HttpResponseNotModified()
        unchanged["ETag"] = f'"{etag}"'
        return unchanged
    response = HttpResponse(render_to_string(template, {"inside": inside, "etag": etag}, request))
    response["ETag"] = f'"{etag}"'
    return response


def etag_of(inside: str) -> str:
    return hashlib.sha256(inside.encode()).hexdigest()[:24]
