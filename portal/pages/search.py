"""The search box: a reference goes straight to its window; words find windows, services and runbooks."""

from __future__ import annotations

import re

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.catalogue.models import Service
from windows.runbooks.queries import runbooks
from windows.scheduling.queries.listing import windows

REFERENCE = re.compile(r"(?:MW-)?[0-9]{1,18}", re.IGNORECASE)
LONGEST, EACH = 100, 10


@reads
def search(request: HttpRequest) -> HttpResponse:
    """Four queries at most, however much there is. A window the viewer may not know of is not found."""
    typed = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    found = windows(actor_of(request), {"q": typed}, limit=EACH) if typed else []
    is_reference = REFERENCE.fullmatch(typed) is not None
    if is_reference and found:
        return HttpResponseRedirect(reverse("window", args=[found[0]["reference"]]))
    services = Service.objects.filter(Q(name__icontains=typed) | Q(slug__icontains=typed)).select_related("team").order_by("name", "slug")
    context = {
        "typed": typed,
        "is_reference": is_reference,
        "windows": found[:EACH],
        "more_windows": len(found) > EACH,
        "services": services[: EACH + 1] if typed else [],
        "runbooks": runbooks(containing=typed)[: EACH + 1] if typed else [],
        "most": EACH,
        "now": clock(),
    }
    return render(request, "portal/search.html", context)
