"""What waits for my signature, with all that is needed to give it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.approvals.queries.dossiers import dossiers
from windows.approvals.queries.waiting import waiting_for
from windows.audit.clock import clock
from windows.scheduling.queries.moves import asked_of
from windows.scheduling.queries.overrides import overrides_waiting

SHOWN = 20


@reads
def inbox(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), clock()
    waiting = waiting_for(actor)
    page = Paginator(waiting, SHOWN).get_page(request.GET.get("page"))
    rows = dossiers(list(page.object_list), actor, now)
    context = {"rows": rows, "page": page, "total": len(waiting), "now": now}
    context |= {"asked": asked_of(actor), "second": overrides_waiting(actor, now)}
    return render(request, "approvals/inbox.html", context)
