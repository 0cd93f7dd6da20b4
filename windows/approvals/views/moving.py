"""Moving a window to the next free slot, of one's own accord or because somebody asked: with what it does to approvals."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.approvals.commands.moving import move_to_next_free_slot
from windows.lifecycle.states import WindowStatus
from windows.scheduling.queries import WindowView, window_id_of, window_view
from windows.scheduling.queries.moves import move_request


@signed_in
def next_slot(request: HttpRequest, reference: str) -> HttpResponse:
    view = window_view(window_id_of(reference), actor_of(request))
    return moved(request, view, "It moves to the earliest later time at which nothing stands in its way.")


@signed_in
def give_way(request: HttpRequest, reference: str, request_id: int) -> HttpResponse:
    """The yes to “please move yours”: the move itself is the answer."""
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    asked = move_request(request_id, view.id, actor)
    told = f"{asked.asked_by} asked for {asked.asking}: “{asked.message}” "
    told += "It moves to the earliest time after that at which nothing stands in its way."
    return moved(request, view, told, not_before=asked.asking_ends_at)


def moved(request: HttpRequest, view: WindowView, told: str, not_before: datetime | None = None) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[view.reference])
    lapses = " Approvals lapse and are asked for again." if view.status != WindowStatus.DRAFT else ""
    question = Question(
        title="Move it to the next free slot",
        consequence=f"{told}{lapses}",
        button="Move it",
        icon="calendar",
        back=page,
        about=f"{view.reference} {view.title}",
    )

    def move(reason: str) -> None:
        move_to_next_free_slot(actor, view.id, view.version, reason=reason, not_before=not_before)

    return decided(request, question, move, page)
