"""Pages of rehearsals: the one click, the broken glass, the report."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.execution.commands.rehearsals import STAGING, break_glass, rehearse
from windows.execution.queries.rehearsals import report
from windows.execution.rehearsing import Rehearsal
from windows.scheduling.queries import window_id_of, window_view

CHOICES = (
    (Rehearsal.GAME_DAY.value, f"Game day in {STAGING}: everything is done, the last step is made to fail, everything is undone"),
    (Rehearsal.DRY_RUN.value, "Dry run: gates measure, nothing is done; it does not count as a rehearsal of the rollback"),
)


@signed_in
def rehearse_page(request: HttpRequest, reference: str) -> HttpResponse:
    """One click: the report opens and follows it."""
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="Rehearse its runbook",
        consequence="The runbook runs now, beside the window: the window does not begin, and users notice nothing.",
        button="Rehearse now",
        icon="runs",
        back=reverse("window", args=[reference]),
        reason="none",
        about=f"{view.reference} {view.title}",
        choices=CHOICES,
    )
    begun: list[int] = []

    def act(_: str) -> None:
        begun.append(rehearse(actor, view.id, request.POST.get("choice", "")).pk)

    response = decided(request, question, act, question.back)
    if begun:
        response["Location"] = reverse("run-report", args=begun)
    return response


@signed_in
def break_glass_page(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="Break the glass",
        consequence="The window may begin although its runbook was not rehearsed. You answer for it by name: it is counted, stands in the"
        " trail, and the other owners and every SRE hear of it now.",
        button="Break the glass",
        icon="warn",
        back=reverse("window", args=[reference]),
        tone="danger",
        reason="required",
        about=f"{view.reference} {view.title}",
    )
    return decided(request, question, lambda reason: break_glass(actor, view.id, reason), question.back)


@reads
def report_page(request: HttpRequest, run_id: int) -> HttpResponse:
    zone = getattr(request.user, "timezone", "UTC")
    return render(request, "execution/report.html", {"report": report(run_id, actor_of(request)), "zone": zone})
