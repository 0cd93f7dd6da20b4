"""The request on one page: a new one, and the same page for editing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from portal.pages.request.advice import advice_for
from portal.pages.request.meaning import meaning
from portal.pages.request.outline import of_form, of_window
from portal.pages.request.saving import Saved, save
from portal.pages.request.scope import scope_in_form
from windows.access.pages import chosen_environment, reads, signed_in
from windows.access.requests import actor_of
from windows.alerts.expected import as_lines
from windows.audit.clock import clock
from windows.lifecycle.layers import LAYER_NAMES
from windows.lifecycle.states import WindowStatus
from windows.scheduling.forms import ROWS, declared, whole
from windows.scheduling.queries import WindowView, window_id_of, window_view
from windows.scheduling.queries.choices import choices_for, usual_environment, usual_owner, usual_team
from windows.scheduling.times import comes_twice, known_zones, parse

EMPTY: dict[str, Any] = {"service": "", "environment": "", "region": "", "layers": ["L3"]}
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)  # what a calendar's empty place sends
PLAIN = ("title", "reason", "team", "mode", "change_type", "expected_impact")
TYPED = (
    *PLAIN, "owner_id", "coordinator_id", "deputy_id", "starts_at", "minutes", "fold", "timezone", "runbook_version_id", "expected_users",
    "slack_percent", "starts_itself", "confidential", "expected_alerts", "draft", "version", "override_reason",
)  # fmt: skip


@signed_in
def new_window(request: HttpRequest) -> HttpResponse:
    """A request that is not saved yet. What is wrong stands beside its field, and nothing typed is lost."""
    if request.method == "POST":
        return sent(request)
    return page(request, blank(request), None, Saved())


@signed_in
def edit_window(request: HttpRequest, reference: str) -> HttpResponse:
    """The version travels with the form: who edits what somebody else changed meanwhile is told, and nothing typed is lost."""
    view = window_view(window_id_of(reference), actor_of(request))
    if request.method == "POST":
        return sent(request, view)
    return page(request, as_saved(view), view, Saved())


@reads
def parameters(request: HttpRequest) -> HttpResponse:
    """The fields of a runbook's parameters, for the form."""
    chosen = request.GET.get("runbook_version_id", "")
    return render(request, "portal/request/_parameters.html", {"parameters": fields_for(chosen, {})})


def sent(request: HttpRequest, view: WindowView | None = None) -> HttpResponse:
    """A plain button: save all of it and go on, or show what is wrong."""
    form = request.POST.copy()
    if view:
        form["draft"] = view.uid
    if slot := form.get("use_slot"):
        form["starts_at"] = f"{parse(slot, 'starts_at').astimezone(ZoneInfo(zone_in(form))):%Y-%m-%dT%H:%M}"
    saved = save(actor_of(request), form)
    if not saved.is_whole or saved.view is None:
        return page(request, as_typed(form), saved.view or view, saved)
    onward = {"request": "request-approval", "stay": "edit-window"}.get("stay" if slot else form.get("then", ""), "window")
    return HttpResponseRedirect(reverse(onward, args=[saved.view.reference]))


def zone_in(form: Any) -> str:
    asked = form.get("timezone", "").strip()
    return asked if asked in known_zones() else "UTC"


def page(request: HttpRequest, given: dict[str, Any], edited: WindowView | None, saved: Saved) -> HttpResponse:
    actor, now = actor_of(request), clock()
    if request.method == "POST":
        outline, lacking = of_form(request.POST, actor)
    elif edited:
        outline, lacking = of_window(edited), []
    else:
        outline, lacking = of_form(as_query(given), actor)
    status = saved.lost.status if saved.lost else max([error.status for error in saved.errors.values()], default=200)
    context = {
        **meaning(outline, lacking, actor, now),
        **advice_for(request.GET),
        "given": given,
        "parameters": fields_for(given["runbook_version_id"], given["parameters"]),
        "choices": choices_for(actor),
        "zones": sorted(name for name in known_zones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))),
        "layers": LAYER_NAMES,
        "edited": edited,
        "as_one_types": edited is None or edited.status == WindowStatus.DRAFT,
        "twice": comes_twice(given["starts_at"], given["timezone"]),
        "saved": saved,
        "errors": saved.errors,
    }
    return render(request, "portal/request/page.html", context, status=status)


def fields_for(version: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Each parameter of the chosen runbook with the value as the form shows it."""
    chosen = whole(version, "runbook_version_id", "a runbook") if version.isdigit() else None
    return [{"spec": spec, "name": f"parameter_{spec.name}", "value": shown(values.get(spec.name))} for spec in declared(chosen)]


def shown(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def blank(request: HttpRequest) -> dict[str, Any]:
    actor, zone = actor_of(request), getattr(request.user, "timezone", "UTC")
    begins = (clock() + timedelta(days=1)).astimezone(ZoneInfo(zone)).replace(minute=0)
    asked = request.GET
    first = {**{name: asked.get(name, "") for name in ("service", "environment", "region")}, "layers": ["L3"]}
    first["environment"] = first["environment"] or chosen_environment(request) or usual_environment()
    team = asked.get("team", "") or usual_team(actor, asked.get("service", ""))
    return {
        **dict.fromkeys(TYPED, ""),
        "owner_id": str(usual_owner(team, asked.get("service", ""), actor.person_id)),
        "coordinator_id": str(actor.person_id),
        "team": team,
        "starts_at": asked["starts_at"] if LOCAL.fullmatch(asked.get("starts_at", "")) else f"{begins:%Y-%m-%dT%H:%M}",
        "minutes": "60",
        "timezone": zone,
        "mode": "degraded",
        "change_type": "normal",
        "starts_itself": "on",
        "draft": str(uuid4()),
        "parameters": {},
        "rows": [first, *([EMPTY] * (ROWS - 1))],
    }


def as_typed(form: Any) -> dict[str, Any]:
    there = range(max(ROWS, sum(name.startswith("service_") for name in form)))
    rows = [
        {**{name: form.get(f"{name}_{n}", "") for name in ("service", "environment", "region")}, "layers": form.getlist(f"layers_{n}")}
        for n in there
    ]
    values = {name.removeprefix("parameter_"): form[name] for name in form if name.startswith("parameter_")}
    return {**{name: form.get(name, "") for name in TYPED}, "parameters": values, "rows": rows}


def as_query(given: dict[str, Any]) -> Any:
    """A blank form as it would be sent, to be judged like any other."""
    found = QueryDict(mutable=True)
    found.update({name: str(given[name]) for name in TYPED})
    for n, row in enumerate(given["rows"]):
        found.update({f"{name}_{n}": row[name] for name in ("service", "environment", "region")})
        found.setlist(f"layers_{n}", row["layers"])
    return found


def as_saved(view: WindowView) -> dict[str, Any]:
    """A saved window as the form shows it."""
    local = view.starts_at.astimezone(ZoneInfo(view.timezone))
    rows = scope_in_form(view)
    return {
        **dict.fromkeys(TYPED, ""),
        **{name: getattr(view, name) for name in PLAIN},
        "timezone": view.timezone,
        "owner_id": str(view.owner.id),
        "coordinator_id": str(view.coordinator.id),
        "deputy_id": str(view.deputy.id) if view.deputy else "",
        "starts_at": f"{local:%Y-%m-%dT%H:%M}",
        "fold": str(local.fold) if local.replace(fold=1).utcoffset() != local.replace(fold=0).utcoffset() else "",
        "minutes": str(round((view.ends_at - view.starts_at).total_seconds() / 60)),
        "starts_itself": "on" if view.starts_itself else "",
        "confidential": "on" if view.confidential else "",
        "runbook_version_id": str(view.runbook_version_id or ""),
        "expected_users": "" if view.expected_users is None else str(view.expected_users),
        "expected_alerts": as_lines(view.expected_alerts),
        "slack_percent": f"{view.slack * 100:g}" if view.slack else "",
        "draft": view.uid,
        "version": str(view.version),
        "parameters": view.parameters,
        "rows": [*rows, *([EMPTY] * max(ROWS - len(rows), 1))],
    }
