"""The window page: one window as every slice knows it, and what this person may do with it next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.charts.tables import csv_of
from portal.pages.window.head import head
from portal.pages.window.impact import strayed_in
from portal.pages.window.opened import opened_for
from portal.pages.window.parts import PARTS
from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.execution.queries.extensions import extensions_of
from windows.scheduling.queries import window_id_of, window_view


@reads
def window_page(request: HttpRequest, reference: str, part: str = "overview") -> HttpResponse:
    """The header with the one next action for this person, and one part; each part has its own address."""
    opened = opened_for(request, reference)
    view = opened.view
    if part not in PARTS:
        raise NotFound("A window has no such part.")
    context = {
        **head(opened),
        "approvals": opened.approvals,
        "runs": opened.runs,
        "extensions": extensions_of(view, opened.actor) if view.started_at else [],
        "part": part,
        "parts": [(name, word, address(view.reference, name)) for name, (word, _) in PARTS.items()],
        "body": f"portal/window/_{part}.html",
        **PARTS[part][1](opened),
    }
    return render(request, "portal/window/page.html", context)


def address(reference: str, part: str) -> str:
    return reverse("window", args=[reference]) if part == "overview" else reverse("window-part", args=[reference, part])


@reads
def window_deviation(request: HttpRequest, reference: str) -> HttpResponse:
    """The chart of what this window did to the objectives it touched, alone, its table open."""
    view = window_view(window_id_of(reference), actor_of(request))
    return render(request, "portal/window/deviation.html", {"window": view, "chart": strayed_in(view, clock())})


@reads
def window_deviation_csv(request: HttpRequest, reference: str) -> HttpResponse:
    view = window_view(window_id_of(reference), actor_of(request))
    chart = strayed_in(view, clock())
    answer = HttpResponse(csv_of(chart), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{view.reference}-{chart.name}.csv"'
    return answer
