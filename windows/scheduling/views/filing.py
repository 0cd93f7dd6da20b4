"""Filing a request, and calling it off: plain pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.errors import Conflict, Invalid
from windows.scheduling.commands.drafts import Draft, cancel_window, create_draft, discard_draft
from windows.scheduling.forms import ROWS, place_of, said_in
from windows.scheduling.models import LAYERS
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.queries.choices import choices_for

TYPED = ("title", "reason", "team", "owner_id", "coordinator_id", "deputy_id", "starts_at", "minutes", "timezone", "mode", "change_type")
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


def form(request: HttpRequest, given: dict[str, Any], error: Invalid | Conflict | None) -> HttpResponse:
    at = place_of(error.field or "form") if error else ""
    context = {
        "given": given,
        "choices": choices_for(actor_of(request)),
        "layers": [value for value, _ in LAYERS],
        "error": error,
        "error_at": at,
        "error_elsewhere": bool(error) and at not in {*TYPED, *TYPED_TOO, "scope"},
    }
    return render(request, "scheduling/new.html", context, status=error.status if error else 200)


def blank(request: HttpRequest) -> dict[str, Any]:
    actor, zone = actor_of(request), getattr(request.user, "timezone", "UTC")
    begins = (clock() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    first = {"service": request.GET.get("service", ""), "environment": "", "region": "", "layers": ["L3"]}
    empty = {"service": "", "environment": "", "region": "", "layers": ["L3"]}
    return {
        "owner_id": str(actor.person_id),
        "coordinator_id": str(actor.person_id),
        "starts_at": f"{begins:%Y-%m-%dT%H:%M}",
        "minutes": "60",
        "timezone": zone,
        "mode": "degraded",
        "change_type": "normal",
        "starts_itself": "on",
        "rows": [first, *([empty] * (ROWS - 1))],
    }


def as_typed(request: HttpRequest) -> dict[str, Any]:
    sent = request.POST
    rows = [
        {**{name: sent.get(f"{name}_{n}", "") for name in ("service", "environment", "region")}, "layers": sent.getlist(f"layers_{n}")}
        for n in range(ROWS)
    ]
    return {**{name: sent.get(name, "") for name in (*TYPED, *TYPED_TOO)}, "rows": rows}


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
