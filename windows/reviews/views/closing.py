"""Signing a review task off, as a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.errors import NotFound
from windows.reviews.commands.closing import sign_off
from windows.reviews.queries.closing import review_tasks_of
from windows.scheduling.queries import window_id_of, window_view


@signed_in
def sign_page(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    require(actor, Verb.REVIEW, view.subject)
    task = next((one for one in review_tasks_of(view.id) if one.key == key and one.by_hand), None)
    if task is None:
        raise NotFound("This window has no such review task.")
    question = Question(
        title=task.title, button="I have reviewed it", icon="completed", reason="required", label="What you found",
        consequence=f"{task.said} Your word stands in the trail; when nothing is left to review, the window is closed.",
        back=reverse("window-part", args=[view.reference, "review"]), about=f"{view.reference} {view.title}",
    )  # fmt: skip
    return decided(request, question, lambda finding: sign_off(actor, reference, key, finding), question.back)
