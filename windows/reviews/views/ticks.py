"""Ticking an item of a checklist by name, as pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.reviews.checklists import Item
from windows.reviews.commands.ticks import tick, untick
from windows.reviews.queries.standing import checklists_of
from windows.scheduling.queries import WindowView, window_id_of, window_view


@signed_in
def tick_page(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    view, item = asked_for(request, reference, key)
    question = Question(
        title=f"Tick “{item.title}”", button="It is done", icon="completed", reason="required", label="How you know",
        consequence=f"{item.said} Your word stands on the checklist with your name, and in the trail.", back=back(view),
        about=f"{view.reference} {view.title}",
    )  # fmt: skip
    return decided(request, question, lambda note: tick(actor_of(request), reference, key, note), question.back)


@signed_in
def untick_page(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    view, item = asked_for(request, reference, key)
    by = item.ticked.by if item.ticked else "nobody"
    question = Question(
        title=f"Take back “{item.title}”", button="It is not done", icon="close", reason="none", tone="danger", back=back(view),
        consequence=f"Ticked by {by}: {item.said} The item is not known again; the trail keeps both.",
        about=f"{view.reference} {view.title}",
    )  # fmt: skip
    return decided(request, question, lambda _: untick(actor_of(request), reference, key), question.back)


def asked_for(request: HttpRequest, reference: str, key: str) -> tuple[WindowView, Item]:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    require(actor, Verb.CONFIRM, view.subject)
    found = next((item for one in checklists_of(view, actor, clock()) for item in one.items if item.key == key), None)
    if found is None:
        raise NotFound("There is no such item.")
    return view, found


def back(view: WindowView) -> str:
    return reverse("window-part", args=[view.reference, "review"])
