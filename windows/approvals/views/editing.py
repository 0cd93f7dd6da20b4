"""Editing a window: a draft freely, an approved one knowing that approvals may lapse."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.approvals.commands import amend_window
from windows.errors import Conflict, Invalid, Stale
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.drafts import edit_draft
from windows.scheduling.forms import said_in, whole
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.views.filing import as_typed, form, of_window


@signed_in
def edit_window(request: HttpRequest, reference: str) -> HttpResponse:
    """The version travels with the form: who edits what somebody else changed meanwhile is told, and nothing typed is lost."""
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    if request.method != "POST":
        return form(request, of_window(view), None, view)
    edit = edit_draft if view.status == WindowStatus.DRAFT else amend_window
    try:
        edit(actor, view.id, said_in(request.POST), whole(request.POST.get("version", ""), "version", "the version") or 0)
    except (Invalid, Conflict, Stale) as error:
        return form(request, as_typed(request), error, view)
    return HttpResponseRedirect(reverse("window", args=[view.reference]))
