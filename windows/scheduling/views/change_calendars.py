"""Change calendars of others: what each says now and next, kept from files or read from an address, taken away."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, somewhere
from windows.access.sheets import MENDED, sheet, typed
from windows.audit.clock import clock
from windows.errors import Invalid, TooLarge
from windows.ical_in.lines import LARGEST
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.change_calendars import keep_change_calendar, remove_change_calendar, watch_change_calendar
from windows.scheduling.queries.change_calendars import change_calendar_of, change_calendars
from windows.scheduling.views.calendars_in import raw_in

SHOWN = 50  # closed times of one calendar


@reads
def change_calendars_page(request: HttpRequest) -> HttpResponse:
    now = clock()
    context = {"rows": change_calendars(now), "may_edit": somewhere(actor_of(request), Verb.EDIT_CALENDARS), "now": now}
    return render(request, "scheduling/change_calendars.html", context)


@reads
def change_calendar_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One calendar with the times it is closed in the month to come."""
    now = clock()
    one, closed = change_calendar_of(slug, now)
    context = {"one": one, "closed": closed[:SHOWN], "more": len(closed) - SHOWN, "now": now}
    context["may_edit"] = somewhere(actor_of(request), Verb.EDIT_CALENDARS)
    return render(request, "scheduling/change_calendar.html", context)


@signed_in
def new_change_calendar(request: HttpRequest) -> HttpResponse:
    """By its address, or from a file, which replaces the calendar of that name."""
    actor = actor_of(request)
    require_calendars(actor)
    given: dict[str, Any] = {"name": request.GET.get("name", "").replace("\0", "")[:63], "url": "", "text": "", "file": ""}
    context = {"largest": LARGEST // 1024}
    if request.method != "POST":
        return sheet(request, "scheduling/change_calendar_form.html", given, context)
    given = typed(request, "name", "url") | {"text": request.POST.get("text", ""), "file": ""}
    try:
        if given["url"] and (given["text"].strip() or request.FILES):
            raise Invalid("Either an address or a file: leave one of them empty.", field="url")
        if given["url"]:
            watch_change_calendar(actor, given["name"], given["url"])
        else:
            keep_change_calendar(actor, given["name"], raw_in(request, given["text"]))
    except (*MENDED, TooLarge) as error:
        return sheet(request, "scheduling/change_calendar_form.html", given, context, error)
    return HttpResponseRedirect(reverse("change-calendar", args=[given["name"]]))


@signed_in
def end_change_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    actor = actor_of(request)
    require_calendars(actor)
    one, _ = change_calendar_of(slug, clock())
    question = Question(
        title="Take this change calendar away",
        consequence="Nobody can ask for it any more: a pipeline that does is answered that there is none, and stops.",
        button="Take it away",
        icon="close",
        back=reverse("change-calendar", args=[slug]),
        tone="danger",
        reason="none",
        about=f"calendar:{one.name}",
    )
    return decided(request, question, lambda _: remove_change_calendar(actor, slug), reverse("change-calendars"))
