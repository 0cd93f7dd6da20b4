"""Moving a window to the next free slot: asked once, with what it does to approvals."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.approvals.commands.moving import move_to_next_free_slot
from windows.lifecycle.states import WindowStatus
from windows.scheduling.queries import window_id_of, window_view


@signed_in
def next_slot(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    lapses = " Approvals lapse and are asked for again." if view.status != WindowStatus.DRAFT else ""
    question = Question(
        title="Move it to the next free slot",
        consequence=f"It moves to the earliest later time at which nothing stands in its way.{lapses}",
        button="Move it",
        icon="calendar",
        back=page,
        about=f"{view.reference} {view.title}",
    )
    return decided(request, question, lambda reason: move_to_next_free_slot(actor, view.id, view.version, reason=reason), page)
