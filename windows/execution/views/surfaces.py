"""The panel of a window's surfaces, and the question before a deviation is accepted."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, permitted, require
from windows.execution.commands.surfaces import accept
from windows.execution.queries.surfaces import surface_of, surfaces_of
from windows.scheduling.queries import window_id_of, window_view


@reads
def surfaces_panel(request: HttpRequest, reference: str) -> HttpResponse:
    """The same panel the window's page holds, by itself."""
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    found = {"window": view, "surfaces": surfaces_of(view.id), "may_accept": permitted(actor, Verb.RESUME, view.subject)}
    return render(request, "execution/_surfaces.html", found)


@signed_in
def accept_deviation(request: HttpRequest, reference: str, surface_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    require(actor, Verb.RESUME, view.subject)
    surface = surface_of(view.id, surface_id)
    question = Question(
        title=f"Accept that {surface.title.lower()} deviates",
        consequence=f"Wanted: {surface.wanted}. Seen: {surface.found} It is no longer put right, and shown with your name and reason.",
        button="Accept the deviation", icon="person", back=page, reason="required", about=f"{view.reference} {view.title}",
    )  # fmt: skip
    return decided(request, question, lambda reason: accept(actor, surface_id, reason), page)
