"""The list of windows."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import chosen_environment, reads
from windows.access.paging import cursor_of, page
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.lifecycle.states import FINAL
from windows.scheduling.queries.listing import FILTERS, windows

PAGE = 50
ENDED = [status.value for status in FINAL]
SHOWN = {  # chip → (word, condition, the soonest first)
    "ahead": ("Ahead", ~Q(status__in=ENDED), True),
    "draft": ("Drafts", Q(status="draft"), True),
    "requested": ("Requested", Q(status="requested"), True),
    "approved": ("Approved", Q(status="approved"), True),
    "running": ("Running", Q(status="running"), True),
    "past": ("Past", Q(status__in=ENDED), False),
    "all": ("All", Q(), False),
}


@reads
def window_list(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("show", "all" if request.GET.get("q") else "ahead")
    chosen = asked if asked in SHOWN else "ahead"
    _, condition, soonest_first = SHOWN[chosen]
    filters = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    if environment := chosen_environment(request):
        filters.setdefault("environment", environment)
    after = cursor_of(request.GET, datetime, int)
    found = windows(
        actor_of(request), filters, limit=PAGE, after=(after[0], after[1]) if after else None, condition=condition, ascending=soonest_first
    )
    shown = page(found, PAGE, "starts_at", "id")
    for row in shown["items"]:
        row["places"] = sorted({f"{place['service']}, {place['environment']}" for place in row["scope"]})
    query = request.GET.copy()
    query.pop("cursor", None)
    onward = query.copy()
    if shown["next_cursor"]:
        onward["cursor"] = shown["next_cursor"]
    query.pop("show", None)
    rest = f"&{query.urlencode()}" if query else ""
    chips = [{"word": word, "href": f"?show={name}{rest}", "here": name == chosen} for name, (word, _, _) in SHOWN.items()]
    context = {
        "rows": shown["items"],
        "chips": chips,
        "more": f"?{onward.urlencode()}" if shown["next_cursor"] else "",
        "now": clock(),
        "searched": request.GET.get("q", "").strip(),
    }
    return render(request, "scheduling/windows.html", context)
