"""Filing a request, and calling it off: plain pages."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.errors import Conflict, Invalid, Stale
from windows.scheduling.commands.drafts import Draft, cancel_window, create_draft, discard_draft
from windows.scheduling.forms import ROWS, place_of, said_in
from windows.scheduling.models import LAYERS
from windows.scheduling.queries import WindowView, window_id_of, window_view
from windows.scheduling.queries.choices import choices_for

TYPED = ("title", "reason", "team", "owner_id", "coordinator_id", "deputy_id", "starts_at", "minutes", "timezone", "mode", "change_type")
EMPTY: dict[str, Any] = {"service": "", "environment": "", "region": "", "layers": ["L3"]}
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)  # what a calendar's empty place sends
TYPED_TOO = ("runbook_version_id", "parameters", "expected_impact", "starts_itself", "confidential")


@signed_in
def new_window(request: HttpRequest) -> HttpResponse:
    """The request on one page. What is wrong stands beside its field, and nothing typed is lost."""
    actor = actor_of(request)
    if request.method != "POST":
        return form(request, blank(request), None)
    try:
        window = create_draft(actor, Draft(**said_in(request.POST)))
    except (Invalid, Conflict) as error:
        return form(request, as_typed(request), error)
    return HttpResponseRedirect(reverse("window", args=[window.reference]))


def form(
    request: HttpRequest, given: dict[str, Any], error: Invalid | Conflict | Stale | None, edited: WindowView | None = None
) -> HttpResponse:
    at = place_of(getattr(error, "field", None) or "form") if error else ""
    context = {
        "given": given,
        "choices": choices_for(actor_of(request)),
        "edited": edited,
        "layers": [value for value, _ in LAYERS],
        "error": error,
        "error_at": at,
        "error_elsewhere": bool(error) and at not in {*TYPED, *TYPED_TOO, "scope"},
    }
    return render(request, "scheduling/new.html", context, status=error.status if error else 200)


def blank(request: HttpRequest) -> dict[str, Any]:
    actor, zone = actor_of(request), getattr(request.user, "timezone", "UTC")
    begins = (clock() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    asked = request.GET
    first = {**{name: asked.get(name, "") for name in ("service", "environment", "region")}, "layers": ["L3"]}
    return {
        "owner_id": str(actor.person_id),
        "coordinator_id": str(actor.person_id),
        "team": asked.get("team", ""),
        "starts_at": asked["starts_at"] if LOCAL.fullmatch(asked.get("starts_at", "")) else f"{begins:%Y-%m-%dT%H:%M}",
        "minutes": "60",
        "timezone": zone,
        "mode": "degraded",
        "change_type": "normal",
        "starts_itself": "on",
        "rows": [first, *([EMPTY] * (ROWS - 1))],
    }


def as_typed(request: HttpRequest) -> dict[str, Any]:
    sent = request.POST
    there = range(max(ROWS, sum(name.startswith("service_") for name in sent)))
    rows = [
        {**{name: sent.get(f"{name}_{n}", "") for name in ("service", "environment", "region")}, "layers": sent.getlist(f"layers_{n}")}
        for n in there
    ]
    return {**{name: sent.get(name, "") for name in (*TYPED, *TYPED_TOO, "version")}, "rows": rows}


def of_window(view: WindowView) -> dict[str, Any]:
    """A saved window as the form shows it."""
    zone = ZoneInfo(view.timezone)
    places: dict[tuple[str, str, str], list[str]] = {}
    for row in view.scope:
        places.setdefault((row.service, row.environment, row.region), []).append(row.layer)
    rows = [{"service": s, "environment": e, "region": r, "layers": layers} for (s, e, r), layers in places.items()]
    return {
        **{name: getattr(view, name) for name in ("title", "reason", "team", "timezone", "mode", "change_type", "expected_impact")},
        "owner_id": str(view.owner.id),
        "coordinator_id": str(view.coordinator.id),
        "deputy_id": str(view.deputy.id) if view.deputy else "",
        "starts_at": f"{view.starts_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        "minutes": str(round((view.ends_at - view.starts_at).total_seconds() / 60)),
        "starts_itself": "on" if view.starts_itself else "",
        "confidential": "on" if view.confidential else "",
        "runbook_version_id": str(view.runbook_version_id or ""),
        "parameters": json.dumps(view.parameters) if view.parameters else "",
        "rows": [*rows, *([EMPTY] * max(ROWS - len(rows), 1))],
        "version": view.version,
    }


@signed_in
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="Call this window off",
        consequence="It will not take place. Its slot is free again, and calendars show it as cancelled. This cannot be taken back.",
        button="Call it off",
        icon="cancelled",
        back=page,
        tone="danger",
        reason="required",
        about=f"{view.reference} {view.title}",
    )
    return decided(request, question, lambda reason: cancel_window(actor, view.id, reason), page)


@signed_in
def discard(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="Throw this draft away",
        consequence="The draft disappears; the audit trail keeps that it was there.",
        button="Throw it away",
        icon="close",
        back=reverse("window", args=[reference]),
        tone="danger",
        reason="none",
        about=f"{view.reference} {view.title}",
    )
    return decided(request, question, lambda _: discard_draft(actor, view.id), reverse("windows"))
