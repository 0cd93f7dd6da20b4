"""The window page: one window as every slice knows it, and what this person may do with it next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.charts.tables import csv_of
from portal.pages.window.impact import strayed_in
from portal.pages.window.offers import offers
from portal.pages.window.parts import PARTS, Opened
from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.approvals.queries import approval_view
from windows.approvals.queries.emergencies import emergencies
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.execution.queries.extensions import extensions_of
from windows.execution.queries.views import runs_of
from windows.lifecycle.states import ChangeType
from windows.scheduling.queries import window_id_of, window_view


@reads
def window_page(request: HttpRequest, reference: str, part: str = "overview") -> HttpResponse:
    """The header with the one next action for this person, and one part; each part has its own address."""
    actor, now = actor_of(request), clock()
    view = window_view(window_id_of(reference), actor)
    if part not in PARTS:
        raise NotFound("A window has no such part.")
    opened = Opened(request, view, actor, now, runs_of(view.id), approval_view(view.id, actor))
    may_sign = any(approval.may_sign for approval in opened.approvals)
    began = emergencies(actor, now, window_id=view.id) if view.change_type == ChangeType.EMERGENCY else []
    may_answer = any(one.may_approve for one in began)
    context = {
        "window": view,
        "now": now,
        "approvals": opened.approvals,
        "runs": opened.runs,
        "emergency": began[0] if began else None,
        "extensions": extensions_of(view, actor) if view.started_at else [],
        "offers": offers(view, actor, now, may_sign=may_sign, may_answer=may_answer, runs=opened.runs),
        "length": view.ends_at - view.starts_at,
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
