"""Questions and comments on a window: a page, the panel by itself, and the question before a decision."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.approvals.commands.comments import comment
from windows.approvals.models import Kind
from windows.approvals.queries.comments import panel_of
from windows.approvals.views.requests import about, onward
from windows.errors import Invalid
from windows.scheduling.queries import WindowView, window_id_of, window_view


def said(request: HttpRequest, view: WindowView) -> None:
    """What the panel's form says: a remark, or, where it names a question, the answer to it."""
    answers, text = request.POST.get("answers", ""), request.POST.get("text", "")
    if not answers:
        comment(actor_of(request), view.id, text, Kind.QUESTION if request.POST.get("kind") == Kind.QUESTION else Kind.COMMENT)
        return
    if not answers.isascii() or not answers.isdigit() or len(answers) > 18:
        raise Invalid(f"There is no such question on {view.reference}.", field="answers")
    comment(actor_of(request), view.id, text, Kind.ANSWER, int(answers))


@signed_in
def comments_page(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            said(request, view)
        except Invalid as refused:
            error = refused
        else:
            return HttpResponseRedirect(reverse("comments", args=[view.reference]))
    context = panel_of(view, actor) | {"error": error, "typed": request.POST.get("text", "") if error else ""}
    return render(request, "approvals/comments.html", context, status=error.status if error else 200)


@reads
def comments_panel(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    return render(request, "approvals/_comments.html", panel_of(window_view(window_id_of(reference), actor), actor))


@signed_in
def ask_question(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), onward(request, reference)
    view = window_view(window_id_of(reference), actor)
    require(actor, Verb.COMMENT, view.subject)
    question = Question(
        title="Ask a question",
        consequence="Whoever asked for this window and who coordinates it are told. It stands on the window’s page until it is answered.",
        button="Ask",
        icon="mail",
        back=page,
        reason="required",
        about=about(view),
        label="What do you want to know?",
    )
    return decided(request, question, lambda text: comment(actor, view.id, text, Kind.QUESTION), page)
