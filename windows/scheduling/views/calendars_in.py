"""Other people's calendars: those that are polled, files brought in, which of our services they reach, notices that wait for a person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.paging import cursor_of
from windows.access.requests import actor_of
from windows.access.roles import Verb, somewhere
from windows.access.sheets import MENDED, sheet, typed
from windows.audit.clock import clock
from windows.catalogue.models import Environment, Region, Service
from windows.errors import Invalid, NotFound, Refused, TooLarge
from windows.ical_in.lines import LARGEST
from windows.scheduling.commands.calendars_in.objects import map_object, unmap_object
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.calendars_in.sources import add_source, remove_source
from windows.scheduling.commands.calendars_in.uploads import bring_in
from windows.scheduling.models import CalendarSource, ProviderObject
from windows.scheduling.queries import calendars_in

SHOWN, WAITING = 100, 25


@reads
def calendars(request: HttpRequest) -> HttpResponse:
    """All of it on one page; a file that was just brought in says what became of it."""
    return render(request, "scheduling/calendars_in.html", shown(request))


def shown(request: HttpRequest) -> dict[str, Any]:
    actor, now = actor_of(request), clock()
    after = cursor_of(request.GET, int)
    objects = calendars_in.objects(limit=SHOWN, after=after[0] if after else 0)
    return {
        "sources": calendars_in.sources(),
        "waiting": calendars_in.waiting(limit=WAITING),
        "objects": objects,
        "unmapped": calendars_in.unmapped(now),
        "may_edit": somewhere(actor, Verb.EDIT_CALENDARS),
        "now": now,
    }


@signed_in
def new_source(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require_calendars(actor)
    given: dict[str, Any] = {"name": "", "provider": "", "url": ""}
    if request.method != "POST":
        return sheet(request, "scheduling/calendar_source.html", given)
    given = typed(request, *given)
    try:
        add_source(actor, given["name"], given["provider"], given["url"])
    except MENDED as error:
        return sheet(request, "scheduling/calendar_source.html", given, error=error)
    return HttpResponseRedirect(reverse("calendars-in"))


@signed_in
def end_source(request: HttpRequest, source_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("calendars-in")
    require_calendars(actor)
    row = CalendarSource.objects.filter(pk=source_id, removed_at=None).first()
    if row is None:
        raise NotFound("There is no such calendar.")
    question = Question(
        title="Stop watching this calendar",
        consequence="It is asked no more, and what it announced for the time ahead counts no longer. It stays on record.",
        button="Stop watching it",
        icon="close",
        back=page,
        tone="danger",
        reason="none",
        about=row.name,
    )
    return decided(request, question, lambda _: remove_source(actor, source_id), page)


@signed_in
def bring(request: HttpRequest) -> HttpResponse:
    """A file, or its text pasted: a calendar, a MAINTNOTE notice, a message or a mailbox."""
    actor = actor_of(request)
    require_calendars(actor)
    given: dict[str, Any] = {"provider": "", "text": "", "file": ""}
    context: dict[str, Any] = {"largest": LARGEST // 1024}
    if request.method != "POST":
        return sheet(request, "scheduling/bring_in.html", given, context)
    given = typed(request, "provider") | {"text": request.POST.get("text", ""), "file": ""}
    error: Refused | None = None
    try:
        context["taken"] = bring_in(actor, raw_in(request, given["text"]), provider=given["provider"])
    except (*MENDED, TooLarge) as refused:
        error = refused
    return sheet(request, "scheduling/bring_in.html", given, context, error)


def raw_in(request: HttpRequest, text: str) -> bytes:
    sent = request.FILES.get("file")
    raw = sent.read(LARGEST + 1) if sent is not None else text.encode()[: LARGEST + 1]
    if not raw.strip():
        raise Invalid("Choose a file, or paste its text.", field="file")
    return raw


@signed_in
def new_object(request: HttpRequest) -> HttpResponse:
    """Which of our services a provider's object is part of."""
    actor = actor_of(request)
    given: dict[str, Any] = {name: request.GET.get(name, "").replace("\0", "")[:200] for name in ("provider", "object", "service")}
    given |= {"environment": "", "region": ""}
    context = {
        "services": list(Service.objects.order_by("name").values_list("slug", "name")[:500]),
        "environments": list(Environment.objects.order_by("name").values_list("slug", "name")),
        "regions": list(Region.objects.order_by("name").values_list("slug", "name")),
    }
    if request.method != "POST":
        require_calendars(actor)
        return sheet(request, "scheduling/provider_object.html", given, context)
    given = typed(request, *given)
    try:
        map_object(actor, given["provider"], given["object"], given["service"], environment=given["environment"], region=given["region"])
    except MENDED as error:
        return sheet(request, "scheduling/provider_object.html", given, context, error)
    return HttpResponseRedirect(reverse("calendars-in"))


@signed_in
def end_object(request: HttpRequest, object_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("calendars-in")
    require_calendars(actor)
    row = ProviderObject.objects.select_related("service").filter(pk=object_id).first()
    if row is None:
        raise NotFound("There is no such mapping.")
    question = Question(
        title="Forget where this object leads",
        consequence=f"Maintenance of it reaches {row.service.name} no more, what was announced before included.",
        button="Forget it",
        icon="close",
        back=page,
        tone="danger",
        reason="none",
        about=f"{row.provider}: {row.object}",
    )
    return decided(request, question, lambda _: unmap_object(actor, object_id), page)
