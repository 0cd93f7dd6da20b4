"""The board of a change meeting: every open request, and one decision for many. Each is decided by itself, or says why not."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.approvals.commands import decide
from windows.approvals.models import Decision
from windows.approvals.queries.dossiers import dossiers
from windows.approvals.queries.emergencies import emergencies, emergency_tally
from windows.approvals.queries.lead_times import lead_times
from windows.approvals.queries.waiting import MOST, open_requests, seen, waiting_for
from windows.audit.clock import clock
from windows.errors import Invalid, Refused
from windows.scheduling.queries import window_id_of

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: the window's status now, or why it was refused."""

    reference: str
    status: str
    refused: str = ""


@signed_in
def board(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), clock()
    chosen, reason = request.POST.getlist("window")[:SHOWN], request.POST.get("reason", "").replace("\0", "").strip()
    outcomes: list[Outcome] = []
    error: Invalid | None = None
    if request.method == "POST":
        try:
            outcomes = decided_each(actor, chosen, request.POST.get("decision", ""), reason)
        except Invalid as refused:
            error = refused
    page = Paginator(seen(list(open_requests()[:MOST]), actor), SHOWN).get_page(request.GET.get("page"))
    rows = dossiers(list(page.object_list), actor, now)
    context = {
        "rows": rows,
        "page": page,
        "mine": {row.window_id for row in waiting_for(actor)},
        "outcomes": outcomes,
        "error": error,
        "chosen": chosen if error else [],
        "reason": reason if error else "",
        "now": now,
        "emergencies": emergencies(actor, now),
        "tally": emergency_tally(now),
        "lead_times": lead_times(now),
    }
    return render(request, "approvals/board.html", context, status=error.status if error else 200)


def decided_each(actor: Actor, references: list[str], decision: str, reason: str) -> list[Outcome]:
    """One command for each row, one after the other: what one is refused for does not hold up the others."""
    if decision not in (Decision.APPROVED, Decision.REJECTED):
        raise Invalid("Choose approve or reject.", field="decision")
    if not references:
        raise Invalid("Tick at least one window.", field="window")
    if decision == Decision.REJECTED and not reason:
        raise Invalid("Say why, in a sentence: it stands in the trail.", field="reason")
    outcomes = []
    for reference in dict.fromkeys(references):
        try:
            window = decide(actor, window_id_of(reference), decision, reason)
        except Refused as refused:
            outcomes.append(Outcome(reference[:20], "", refused.detail))
        else:
            outcomes.append(Outcome(window.reference, window.status))
    return outcomes
