"""Who is on call for each team now, by its calendar or by role, and how often each person was paged (X19)."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import reads
from windows.audit.clock import clock
from windows.catalogue.queries import people_by_email, rota
from windows.delivery.queries import pages_to

SPANS = (("7 days", timedelta(days=7)), ("28 days", timedelta(days=28)))


@reads
def on_call_people(request: HttpRequest) -> HttpResponse:
    now = clock()
    counted = [(label, pages_to(now - span)) for label, span in SPANS]
    names = people_by_email({email for _, found in counted for email in found})
    load = [
        {"name": name, "counts": [found.get(email, 0) for _, found in counted]}
        for email, name in sorted(names.items(), key=lambda one: (-counted[-1][1].get(one[0], 0), one[1]))
    ]
    context = {"teams": rota(now), "load": load, "spans": [label for label, _ in counted], "now": now}
    return render(request, "portal/on_call.html", context)
