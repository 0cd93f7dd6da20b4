"""One's own views of the calendar: keep the one that is shown, rename, delete, choose the one that “Calendar” opens."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from portal.pages.asked import Asked, asked_in
from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.sheets import MENDED, sheet, typed
from windows.audit.clock import clock
from windows.errors import NotFound, Refused
from windows.scheduling.commands.saved_views import change_view, delete_view, save_view
from windows.scheduling.models import SavedView


def kept_query(wanted: Asked) -> str:
    """What of an address is kept: what is seen, and neither the day nor how far down one is."""
    return wanted.query(on=wanted.today).removeprefix("?")


def own_views(person_id: int | None) -> list[SavedView]:
    return list(SavedView.objects.filter(person=person_id or 0).order_by("name"))


def usual_view(person_id: int | None) -> SavedView | None:
    """The one that “Calendar” opens."""
    return SavedView.objects.filter(person=person_id or 0, is_default=True).first()


@signed_in
def saved_views(request: HttpRequest) -> HttpResponse:
    """The list; a POST keeps the address sent as `query` and opens it."""
    actor = actor_of(request)
    if request.method != "POST":
        return listed(request, {"name": "", "query": request.GET.get("query", "").replace("\0", "")[:1000], "default": False})
    given = typed(request, "name", "query") | {"default": request.POST.get("default") == "on"}
    try:
        sent = asked_in(QueryDict(given["query"].removeprefix("?")), clock().date())
        view = save_view(actor, given["name"], kept_query(sent), default=given["default"])
    except MENDED as error:
        return listed(request, given, error)
    return HttpResponseRedirect(f"{reverse('calendar')}?{view.query}")


def listed(request: HttpRequest, given: dict[str, Any], error: Refused | None = None) -> HttpResponse:
    return sheet(request, "scheduling/saved_views.html", given, {"rows": own_views(actor_of(request).person_id)}, error)


@signed_in
def saved_view(request: HttpRequest, saved_view_id: int) -> HttpResponse:
    """Its name, and whether “Calendar” opens it."""
    actor, view = actor_of(request), mine(request, saved_view_id)
    given: dict[str, Any] = {"name": view.name, "default": view.is_default}
    if request.method != "POST":
        return sheet(request, "scheduling/saved_view.html", given, {"view": view})
    given = typed(request, "name") | {"default": request.POST.get("default") == "on"}
    try:
        change_view(actor, view.pk, given["name"], default=given["default"])
    except MENDED as error:
        return sheet(request, "scheduling/saved_view.html", given, {"view": view}, error)
    return HttpResponseRedirect(reverse("saved-views"))


@signed_in
def forget_view(request: HttpRequest, saved_view_id: int) -> HttpResponse:
    actor, view = actor_of(request), mine(request, saved_view_id)
    question = Question(
        title="Delete this view",
        consequence="Its name and its filters are forgotten. Windows stay as they are.",
        button="Delete the view",
        icon="close",
        back=reverse("saved-views"),
        tone="danger",
        reason="none",
        about=view.name,
    )
    return decided(request, question, lambda _: delete_view(actor, view.pk), reverse("saved-views"))


def mine(request: HttpRequest, saved_view_id: int) -> SavedView:
    view = SavedView.objects.filter(pk=saved_view_id, person=actor_of(request).person_id or 0).first()
    if view is None:
        raise NotFound("There is no such saved view.")
    return view
