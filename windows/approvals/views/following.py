"""An occurrence and all that follow, in the browser: another time or title, asked for, signed. What became of each is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.approvals.commands.series import Following, amend_following, decide_following, request_following
from windows.approvals.models import Decision
from windows.errors import Conflict, Invalid, Stale
from windows.scheduling.forms import ends_at, whole
from windows.scheduling.queries import WindowView, window_id_of, window_view
from windows.scheduling.times import from_wall


@signed_in
def following(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    if view.series_id is None:
        raise Conflict(f"{view.reference} does not recur.", field="series")
    context: dict[str, Any] = {"window": view, "given": request.POST if request.method == "POST" else of_window(view)}
    if request.method == "POST":
        try:
            context["told"] = acted(actor, view, request.POST)
            context["window"] = window_view(view.id, actor)
        except (Invalid, Conflict, Stale) as error:
            context["error"], context["error_at"] = error, getattr(error, "field", "")
            return render(request, "approvals/following.html", context, status=error.status)
    return render(request, "approvals/following.html", context)


def acted(actor: Actor, view: WindowView, sent: Any) -> Following:
    """The act whose button was pressed."""
    reason = sent.get("reason", "").strip()
    match sent.get("act", ""):
        case "change":
            return amend_following(
                actor, view.id, changes_in(sent, view), version_in(sent), rrule=sent.get("rrule", "").strip() or None, reason=reason
            )
        case "request":
            return request_following(actor, view.id, reason=reason)
        case "approve":
            return decide_following(actor, view.id, Decision.APPROVED, reason)
        case "reject":
            return decide_following(actor, view.id, Decision.REJECTED, reason)
    raise Invalid("Choose what to do with them.", field="act")


def version_in(sent: Any) -> int:
    return whole(sent.get("version", ""), "version", "the version") or 0


def changes_in(sent: Any, view: WindowView) -> dict[str, Any]:
    """Only what differs from the window as it is: a time that was not touched moves nothing."""
    before, found = of_window(view), dict[str, Any]()
    if sent.get("title", "") != before["title"]:
        found["title"] = sent.get("title", "")
    if (sent.get("starts_at", ""), sent.get("minutes", "")) != (before["starts_at"], before["minutes"]):
        minutes = whole(sent.get("minutes", ""), "minutes", "the length in minutes") or 0
        starts = from_wall(sent.get("starts_at", ""), view.timezone, "starts_at", fold=0)
        found |= {"starts_at": starts, "ends_at": ends_at(starts, minutes)}
    return found


def of_window(view: WindowView) -> dict[str, str]:
    return {
        "title": view.title,
        "starts_at": f"{view.starts_at.astimezone(ZoneInfo(view.timezone)):%Y-%m-%dT%H:%M}",
        "minutes": str(round((view.ends_at - view.starts_at) / timedelta(minutes=1))),
        "version": str(view.version),
    }
