"""Calling a window off, throwing a draft away: each asked once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.scheduling.commands.drafts import cancel_window, discard_draft
from windows.scheduling.queries import window_id_of, window_view


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
