"""Saving a request: as one types, as far as it is right; or at once, by a plain button. Nobody overwrites what they have not seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.pages.request.outline import saved_as
from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.approvals.commands import amend_window
from windows.audit.clock import clock
from windows.audit.queries import trail
from windows.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Stale
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands import editing
from windows.scheduling.commands.drafts import Draft, create_draft, edit_draft
from windows.scheduling.forms import heard, place_of, whole
from windows.scheduling.queries import WindowView, window_view
from windows.scheduling.times import check_period, comes_twice

WHEN = frozenset({"starts_at", "ends_at", "timezone"})
TOGETHER = {  # what cannot be saved alone, by the place of its error
    "starts_at": WHEN, "minutes": WHEN, "timezone": WHEN, "deputy_id": frozenset({"deputy_id", "coordinator_id"}),
    "slack_percent": frozenset({"slack"}),
}  # fmt: skip


@dataclass(slots=True)
class Saved:
    """What became of it. `errors` by the form's field; `lost` where somebody else was faster, with who and when."""

    view: WindowView | None = None
    errors: dict[str, Refused] = field(default_factory=dict)
    lost: Stale | None = None
    who: str = ""
    at: datetime | None = None

    @property
    def is_whole(self) -> bool:
        return self.view is not None and not self.errors and self.lost is None


@signed_in
def saving(request: HttpRequest) -> HttpResponse:
    """The form as it stands, sent while one types; answers how it was saved and what was not, beside each field."""
    if request.method != "POST":
        raise NotFound("There is nothing to read here.")
    if not request.POST.get("draft"):
        raise Invalid("Load the form again: this one does not say which draft it is.", field="draft")
    known = bool(request.POST.get("version"))
    found = save(actor_of(request), request.POST, partly=True)
    places = ["title", "reason", "team", "change_type", "mode", "expected_impact", "starts_at", "minutes", "timezone", "scope",
              "runbook_version_id", "owner_id", "coordinator_id", "deputy_id", "expected_users", "expected_alerts",
              "slack_percent"]  # fmt: skip
    places += [name for name in request.POST if name.startswith("parameter_")]
    typed = {name: request.POST.get(name, "") for name in ("version", "fold")}
    twice = comes_twice(request.POST.get("starts_at", ""), request.POST.get("timezone", ""))
    context = {"saved": found, "errors": found.errors, "places": places, "given": typed, "twice": twice, "now": clock()}
    response = render(request, "portal/request/_saved.html", context)
    if found.view and not known:
        response["HX-Replace-Url"] = reverse("edit-window", args=[found.view.reference])
    return response


def save(actor: Actor, sent: Any, *, partly: bool = False) -> Saved:
    """File the form, or edit what it was filed as. `partly` leaves out what is wrong instead of refusing all; never for what was asked
    for already: there every change counts."""
    said, errors = checked(sent)
    try:
        view = saved_as(sent.get("draft", ""), actor)
        if view is None:
            return Saved(None, timely(said, errors, None)) if errors else filed(actor, said, sent)
        if view.status != WindowStatus.DRAFT and partly:
            raise Conflict(f"{view.reference} is {view.status}; a change is saved by the button.", field="form")
        if errors and not partly:
            return Saved(view, timely(said, errors, view))
        return edited(actor, view, said, errors, sent, partly=partly)
    except (Conflict, Forbidden, NotFound) as error:
        return Saved(None, {**errors, place_of(getattr(error, "field", None) or "form"): error})


def checked(sent: Any) -> tuple[dict[str, Any], dict[str, Refused]]:
    """Every field by itself: what may be saved, and what is wrong with the rest."""
    found = heard(sent)
    said, errors = dict(found.said), dict[str, Refused](found.errors)
    if any(name.startswith("parameter_") for name in errors):
        said.pop("parameters", None)
    for name in list(said):
        try:
            if name == "scope":
                editing.expanded(said[name])
            else:
                editing.column(name, said[name])
        except Invalid as error:
            errors.setdefault(place_of(error.field), error)
            del said[name]
    return said, errors


def timely(said: Mapping[str, Any], errors: dict[str, Refused], view: WindowView | None) -> dict[str, Refused]:
    """The errors, with what is wrong with the period as well: who mends them shall not be sent back once more for that."""
    if "starts_at" in said and "ends_at" in said:
        is_new = view is None or view.starts_at != said["starts_at"]
        try:
            check_period(said["starts_at"], said["ends_at"], longest=editing.longest_window(), now=clock(), start_is_new=is_new)
        except Invalid as error:
            return {place_of(error.field): error} | errors
    return errors


def filed(actor: Actor, said: Mapping[str, Any], sent: Any) -> Saved:
    try:
        uid = UUID(sent.get("draft", ""))
    except ValueError:
        uid = None
    try:
        window = create_draft(actor, Draft(**said), uid=uid)
    except Invalid as error:
        return Saved(None, {place_of(error.field): error})
    return Saved(window_view(window.pk, actor), at=clock())


def edited(actor: Actor, view: WindowView, said: dict[str, Any], errors: dict[str, Refused], sent: Any, *, partly: bool) -> Saved:
    version = whole(sent.get("over") or sent.get("version", ""), "version", "the version")
    if version is None:  # the answer to the first saving was lost: whoever filed it goes on
        version = view.version if view.created_by.id == actor.person_id else 0
    while said:
        try:
            if view.status == WindowStatus.DRAFT:
                edit_draft(actor, view.id, said, version)
            else:
                amend_window(actor, view.id, said, version, reason=sent.get("override_reason", ""))
            break
        except Stale as error:
            return lost(view, errors, error)
        except Conflict as error:
            return Saved(view, {**errors, "override_reason" if error.field == "reason" else "form": error})
        except Invalid as error:
            place = place_of(error.field)
            errors[place] = error
            if not partly or not drop(said, TOGETHER.get(place, frozenset({place}))):
                return Saved(view, errors)
    return Saved(window_view(view.id, actor), errors, at=clock())


def drop(said: dict[str, Any], names: Iterable[str]) -> bool:
    """Whether anything went."""
    gone = [name for name in names if name in said]
    for name in gone:
        del said[name]
    return bool(gone)


def lost(view: WindowView, errors: dict[str, Refused], error: Stale) -> Saved:
    last = next(iter(trail(window=view.reference, newest_first=True, limit=1)), None)
    return Saved(view, errors, error, last.actor if last else "Somebody else", last.at if last else None)
