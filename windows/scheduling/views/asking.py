"""“Please move yours”: the question to another window's people, and their no. Their yes is a move: `approvals.views.moving`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.scheduling.commands.moving import ask_to_move, decline_move
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.queries.moves import move_request


@signed_in
def please_move(request: HttpRequest, reference: str, rival: str) -> HttpResponse:
    """Asked in the name of the first window, of the second."""
    actor, page = actor_of(request), reverse("window", args=[reference])
    asking, asked = (window_view(window_id_of(one), actor) for one in (reference, rival))
    require(actor, Verb.DRAFT, asking.subject)
    who = ", ".join(dict.fromkeys((asked.coordinator.name, asked.owner.name)))
    question = Question(
        title=f"Ask that {asked.reference} be moved",
        consequence=f"{who} of {asked.team_name} hear of it and find it on their Today. They move it, or say why not; until then "
        "nothing changes.",
        button="Please move yours",
        icon="mail",
        back=page,
        reason="required",
        about=f"{asked.reference} {asked.title}",
        label=f"Why {asking.reference} needs this time",
    )
    return decided(request, question, lambda message: ask_to_move(actor, asking.id, asked.id, message), page)


@signed_in
def decline(request: HttpRequest, reference: str, request_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    require(actor, Verb.DRAFT, view.subject)
    asked = move_request(request_id, view.id, actor)
    question = Question(
        title=f"Leave {view.reference} where it is",
        consequence=f"{asked.asked_by} asked for {asked.asking}: “{asked.message}” They hear your reason.",
        button="It stays",
        icon="close",
        back=page,
        reason="required",
        about=f"{view.reference} {view.title}",
        label="Why it cannot move",
    )
    return decided(request, question, lambda reason: decline_move(actor, request_id, reason), page)
