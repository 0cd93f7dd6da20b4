"""A window's words for the public as pages: write them, say more, withdraw."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.access.sheets import MENDED, sheet, typed
from windows.announcements.commands.announcing import LONGEST, announce, say, withdraw
from windows.announcements.queries import announcement_of
from windows.scheduling.queries import window_id_of, window_view

FORM = "announcements/announcement_form.html"


@signed_in
def announce_page(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    require(actor, Verb.ANNOUNCE, view.subject)
    row = announcement_of(view.id)
    context = {"window": view, "announcement": row, "longest": LONGEST}
    if request.method == "POST":
        given = typed(request, "title", "text")
        try:
            announce(actor, view.reference, **given)
        except MENDED as error:
            return sheet(request, FORM, given, context, error)
        return HttpResponseRedirect(reverse("window", args=[view.reference]))
    return sheet(request, FORM, {"title": row.title if row else "", "text": row.text if row else ""}, context)


@signed_in
def say_page(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="Tell the public more", button="Publish it", icon="bell", back=reverse("window", args=[view.reference]), about=view.title,
        consequence="It is on the public status page within seconds, for everybody.", reason="required", label="What users should know now",
    )  # fmt: skip
    return decided(request, question, lambda said: say(actor, view.reference, said), question.back)


@signed_in
def withdraw_page(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="Take it off the public status page", button="Withdraw it", icon="close", tone="danger", about=view.title,
        back=reverse("window", args=[view.reference]), reason="required",
        consequence="The public sees nothing of this window any more. It can be announced again.",
    )  # fmt: skip
    return decided(request, question, lambda reason: withdraw(actor, view.reference, reason), question.back)
