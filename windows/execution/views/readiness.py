"""Page: accept that telemetry may lack the window's tag."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.execution.commands.readiness import accept_gap
from windows.scheduling.queries import window_id_of, window_view


@signed_in
def accept_gap_page(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="Accept untagged telemetry",
        consequence="The window may begin although metrics, logs or traces of a critical service may not carry its tag: what it did will be"
        " harder to tell afterwards. You answer for it by name, here and in the trail.",
        button="Accept it",
        icon="warn",
        back=reverse("window", args=[reference]),
        tone="danger",
        reason="required",
        about=f"{view.reference} {view.title}",
    )
    return decided(request, question, lambda reason: accept_gap(actor, view.id, reason), question.back)
