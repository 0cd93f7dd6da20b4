"""The question after the fact: was it right to begin this emergency?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.approvals.commands.emergencies import approve_emergency
from windows.approvals.models import Decision
from windows.approvals.queries.emergencies import emergencies
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.scheduling.queries import window_id_of, window_view

WHICH = ((Decision.APPROVED.value, "It was right to begin it"), (Decision.REJECTED.value, "It should not have begun"))


@signed_in
def approve_afterwards(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    row = next(iter(emergencies(actor, clock(), window_id=view.id)), None)
    if row is None:
        raise NotFound(f"{view.reference} did not begin as an emergency without approval.")
    who = f", by {row.begun_by}" if row.begun_by else ""
    skipped = f" Checks that did not pass then: {', '.join(row.skipped)}." if row.skipped else ""
    question = Question(
        title="Answer for this emergency",
        consequence=f"It began without an approval{who}.{skipped} Your name and reason stand in the trail.",
        button="Record it",
        icon="completed",
        back=page,
        reason="required",
        about=f"{view.reference} {view.title}",
        choices=WHICH,
    )
    return decided(request, question, lambda reason: approve_emergency(actor, view.id, request.POST.get("choice", ""), reason), page)
