"""Moving a window to the next free slot, of one's own accord or because somebody asked: with what it does to approvals."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, ask, decided, signed_in
from windows.access.requests import actor_of
from windows.approvals.commands.moving import move_to_next_free_slot, next_free_of
from windows.errors import Conflict
from windows.lifecycle.states import WindowStatus
from windows.scheduling.conflicts.facts import moment
from windows.scheduling.queries import WindowView, window_id_of, window_view
from windows.scheduling.queries.moves import move_request
from windows.scheduling.times import parse


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
    """The question names the time; where another is the next free one by the answer, nothing is moved."""
    actor, page = actor_of(request), reverse("window", args=[view.reference])
    question = Question(
        title="Move it to the next free slot",
        consequence=told,
        button="Move it",
        icon="calendar",
        back=page,
        about=f"{view.reference} {view.title}",
    )
    if request.method == "POST":
        shown = shown_in(request)
        return decided(
            request,
            question,
            lambda reason: move_to_next_free_slot(actor, view.id, view.version, reason=reason, not_before=not_before, shown=shown),
            page,
        )
    try:
        slot = next_free_of(actor, view.id, not_before)
    except Conflict as error:
        return ask(request, replace(question, consequence=error.detail, idle=True))
    lapses = " Approvals lapse and are asked for again." if view.status != WindowStatus.DRAFT else ""
    where = f" That is from {moment(slot['starts_at'])} to {moment(slot['ends_at'])}."
    return ask(request, replace(question, consequence=f"{told}{where}{lapses}", version=slot["starts_at"].isoformat()))


def shown_in(request: HttpRequest) -> datetime | None:
    """The begin that the question named."""
    said = request.POST.get("version", "")
    return parse(said, "version") if said else None
