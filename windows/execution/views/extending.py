"""More time for a window that runs: asking for it, and the question to whoever may agree."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.approvals.models import Decision
from windows.audit.clock import clock
from windows.errors import Conflict, NotFound
from windows.execution.commands.extending import GOES_ON, ask_extension, decide_extension
from windows.execution.models import Run
from windows.execution.queries.extensions import extensions_of, live_run_of
from windows.scheduling.queries import window_id_of, window_view

WHICH = ((Decision.APPROVED.value, "It may go on"), (Decision.REJECTED.value, "No more time"))


@signed_in
def extend_window(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    require(actor, Verb.RESUME, view.subject)
    run = Run.objects.filter(pk=live_run_of(view.id) or 0, status__in=GOES_ON).first()
    if run is None:
        raise Conflict(f"{view.reference} has no run that could be given more time.", field="status")
    given = {"minutes": "30", "reason": ""}
    context = {"window": view, "run": run, "now": clock()}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            until = max(run.window_ends_at, clock()) + timedelta(minutes=number(given["minutes"], "minutes", least=1, most=1440))
            ask_extension(actor, view.id, until, given["reason"])
        except MENDED as error:
            return sheet(request, "execution/extend.html", given, context, error)
        return HttpResponseRedirect(page)
    return sheet(request, "execution/extend.html", given, context)


@signed_in
def extension_page(request: HttpRequest, reference: str, extension_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    row = next((one for one in extensions_of(view, actor) if one.id == extension_id), None)
    if row is None:
        raise NotFound("There is no such extension here.")
    require(actor, Verb.EXTEND, view.subject)
    if row.state != "open":
        raise Conflict(f"It was {row.state} already.", field="decision")
    question = Question(
        title="More time for this window",
        consequence=(
            f"{row.asked_by} asks to go on until {row.until:%Y-%m-%d %H:%M} UTC in place of {row.ends_at:%H:%M} UTC: “{row.reason}” "
            "The window is still judged by its original end."
        ),
        button="Decide",
        icon="approvals",
        back=page,
        about=f"{view.reference} {view.title}",
        choices=WHICH,
    )
    return decided(request, question, lambda reason: decide_extension(actor, extension_id, request.POST.get("choice", ""), reason), page)
