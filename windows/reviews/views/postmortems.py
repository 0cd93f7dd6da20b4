"""Postmortems as pages: the list, one with what it rests on, drafting, editing, publishing, and the whole as Markdown."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import Verb, permitted, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.audit.clock import clock
from windows.reviews.commands.postmortems import draft_postmortem, edit_postmortem, publish_postmortem
from windows.reviews.queries.postmortems import existing, postmortems, written
from windows.scheduling.queries import WindowView, window_id_of, window_view

PAGE = 50


def window_of(request: HttpRequest, reference: str) -> WindowView:
    return window_view(window_id_of(reference), actor_of(request))


@reads
def postmortem_list(request: HttpRequest) -> HttpResponse:
    """The newest first, a page at a time."""
    before = cursor_of(request.GET, int)
    found = postmortems(actor_of(request), before=before[0] if before else None, limit=PAGE + 1)
    more = f"?cursor={cursor_to([found[PAGE - 1].pk])}" if len(found) > PAGE else ""
    return render(request, "reviews/postmortems.html", {"rows": found[:PAGE], "more": more, "now": clock()})


@reads
def postmortem_page(request: HttpRequest, reference: str) -> HttpResponse:
    view = window_of(request, reference)
    may = permitted(actor_of(request), Verb.REVIEW, view.subject)
    return render(request, "reviews/postmortem.html", {"window": view, "made": existing(view), "may_review": may})


@signed_in
def edit_postmortem_page(request: HttpRequest, reference: str) -> HttpResponse:
    """The text beside what is on record; nobody overwrites what they have not seen."""
    view = window_of(request, reference)
    actor = actor_of(request)
    require(actor, Verb.REVIEW, view.subject)
    made = existing(view)
    context = {"window": view, "made": made}
    if request.method == "POST":
        given = typed(request, "text", "version")
        try:
            edit_postmortem(actor, reference, given["text"], number(given["version"], "version"))
        except MENDED as error:
            return sheet(request, "reviews/postmortem_form.html", given, context, error)
        return HttpResponseRedirect(reverse("postmortem", args=[view.reference]))
    return sheet(request, "reviews/postmortem_form.html", {"text": made.text, "version": made.version}, context)


@signed_in
def draft_page(request: HttpRequest, reference: str) -> HttpResponse:
    view = window_of(request, reference)
    actor, page = actor_of(request), reverse("postmortem", args=[view.reference])
    require(actor, Verb.REVIEW, view.subject)
    question = Question(
        title="Draft the postmortem", button="Draft the postmortem", icon="edit", reason="none", about=f"{view.reference} {view.title}",
        consequence="What is on record now is written down as sentences with their sources, and kept when telemetry is forgotten.",
        back=reverse("window-part", args=[view.reference, "review"]),
    )  # fmt: skip
    return decided(request, question, lambda _: draft_postmortem(actor, reference), page)


@signed_in
def publish_page(request: HttpRequest, reference: str) -> HttpResponse:
    view = window_of(request, reference)
    actor, page = actor_of(request), reverse("postmortem", args=[view.reference])
    require(actor, Verb.REVIEW, view.subject)
    made = existing(view)
    question = Question(
        title="Publish the postmortem", button="Publish", icon="completed", reason="none", back=page,
        about=f"{view.reference} {view.title}",
        consequence="Everybody who may see the window reads it, and nobody changes it any more. What is learnt later is a follow-up.",
        version=str(made.version),
    )  # fmt: skip
    return decided(
        request, question, lambda _: publish_postmortem(actor, reference, number(request.POST.get("version", ""), "version")), page
    )


@reads
def postmortem_markdown(request: HttpRequest, reference: str) -> HttpResponse:
    view = window_of(request, reference)
    answer = HttpResponse(written(view, existing(view), settings.PORTAL_URL), content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{view.reference}-postmortem.md"'
    return answer
