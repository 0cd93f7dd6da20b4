"""Another time for a draft: a small form, and what would stand in the way then. A bar dragged on the calendar posts to the same form."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Actor, Verb, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.audit.clock import clock
from windows.errors import Conflict, Refused
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.drafts import edit_draft
from windows.scheduling.commands.editing import longest_window
from windows.scheduling.queries import WindowView, conflicts_with, window_id_of, window_view
from windows.scheduling.queries.candidates import candidate_of
from windows.scheduling.times import check_period, from_wall, wall


@signed_in
def move_draft(request: HttpRequest, reference: str) -> HttpResponse:
    """Times are local to the window's zone, or say their offset: a program knows the moment, not the clock on the wall."""
    actor = actor_of(request)
    view = movable(reference, actor)
    given: dict[str, Any] = {name: wall(getattr(view, name), view.timezone)[:16] for name in ("starts_at", "ends_at")}
    given["version"] = view.version
    if request.method != "POST":
        return form(request, view, actor, given)
    given = typed(request, "starts_at", "ends_at", "version")
    try:
        starts_at, ends_at = period_of(given, view)
        edit_draft(actor, view.id, {"starts_at": starts_at, "ends_at": ends_at}, number(given["version"], "version"))
    except MENDED as error:
        return form(request, view, actor, given, error)
    return HttpResponseRedirect(reverse("window", args=[view.reference]))


def form(request: HttpRequest, view: WindowView, actor: Actor, given: dict[str, Any], error: Refused | None = None) -> HttpResponse:
    return sheet(request, "scheduling/move.html", given, {"window": view, **would_be(given, view, actor)}, error)


@reads
def move_meaning(request: HttpRequest, reference: str) -> HttpResponse:
    """What the times in the address would meet: asked while a bar is dragged, or while one types. Changes nothing."""
    actor = actor_of(request)
    view = movable(reference, actor)
    given = {name: request.GET.get(name, "").replace("\0", "") for name in ("starts_at", "ends_at")}
    return render(request, "scheduling/_moved.html", {"window": view, **would_be(given, view, actor)})


def movable(reference: str, actor: Actor) -> WindowView:
    view = window_view(window_id_of(reference), actor)
    require(actor, Verb.DRAFT, view.subject)
    if view.status != WindowStatus.DRAFT:
        raise Conflict(f"{view.reference} is {view.status}; only a draft is moved here. Amend it instead.", field="status")
    return view


def period_of(given: dict[str, Any], view: WindowView) -> tuple[datetime, datetime]:
    return from_wall(given["starts_at"], view.timezone, "starts_at"), from_wall(given["ends_at"], view.timezone, "ends_at")


def would_be(given: dict[str, Any], view: WindowView, actor: Actor) -> dict[str, Any]:
    """The period, and the conflicts it would have; or why it cannot be."""
    now = clock()
    try:
        begins, ends = period_of(given, view)
        check_period(begins, ends, longest=longest_window(), now=now, start_is_new=begins != view.starts_at)
    except MENDED as refused:
        return {"refused": refused}
    thought_of = replace(candidate_of(view.id), begins=begins, ends=ends)
    return {"begins": begins, "ends": ends, "findings": conflicts_with(thought_of, exclude=view.id, viewer=actor, now=now)}
