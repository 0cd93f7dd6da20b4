"""Incidents as pages: the list, one with its windows and why they are linked, reporting, ending, linking by hand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import Verb, permitted, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.audit.clock import clock
from windows.catalogue.models import Environment, Service
from windows.incidents.commands.by_hand import link_incident
from windows.incidents.commands.reporting import Report, end_incident, report_incident, reporter
from windows.incidents.queries import incident_view, incidents, views_of
from windows.incidents.states import Severity
from windows.scheduling.times import from_wall

PAGE = 50
SEVERITIES = [
    (Severity.CRITICAL.value, "Critical: users cannot do what they came for"),
    (Severity.MAJOR.value, "Major: a part of the users cannot"),
    (Severity.MINOR.value, "Minor"),
]


@reads
def incident_list(request: HttpRequest) -> HttpResponse:
    """The newest first, a page at a time."""
    actor = actor_of(request)
    sent = {name: request.GET.get(name, "").replace("\0", "").strip()[:63] for name in ("service", "state", "window")}
    sent["state"] = sent["state"] if sent["state"] in ("open", "ended") else ""
    before = cursor_of(request.GET, int)
    found = incidents(actor, sent, before=before[0] if before else None, limit=PAGE + 1)
    onward = request.GET.copy()
    if len(found) > PAGE:
        onward["cursor"] = cursor_to([found[PAGE - 1].pk])
    context = {
        "rows": [{"incident": row, "links": views_of(row)} for row in found[:PAGE]], "sent": sent, "narrowed": any(sent.values()),
        "more": f"?{onward.urlencode()}" if len(found) > PAGE else "", "now": clock(),
        "may_report": permitted(actor, Verb.REPORT, reporter(actor)),
    }  # fmt: skip
    return render(request, "incidents/incidents.html", context)


@reads
def incident_page(request: HttpRequest, incident_id: int) -> HttpResponse:
    actor = actor_of(request)
    row = incident_view(incident_id, actor)
    context = {"incident": row, "links": views_of(row), "now": clock(), "may_report": permitted(actor, Verb.REPORT, reporter(actor))}
    return render(request, "incidents/incident.html", context)


@signed_in
def new_incident(request: HttpRequest) -> HttpResponse:
    actor, zone = actor_of(request), getattr(request.user, "timezone", "UTC")
    require(actor, Verb.REPORT, reporter(actor))
    names = ("title", "severity", "text", "service", "environment", "window", "started_at", "affected_users")
    given: dict[str, Any] = {**{name: request.GET.get(name, "")[:63] for name in names}, "severity": Severity.MAJOR.value}
    context = {
        "severities": SEVERITIES, "zone_name": zone,
        "services": list(Service.objects.order_by("name").values_list("slug", "name")[:500]),
        "environments": list(Environment.objects.order_by("name").values_list("slug", "name")),
    }  # fmt: skip
    if request.method == "POST":
        given = typed(request, *names)
        try:
            started = from_wall(given["started_at"], zone, "started_at") if given["started_at"] else ""
            users = number(given["affected_users"], "affected_users") if given["affected_users"] else None
            row = report_incident(actor, Report(**{**given, "started_at": started, "affected_users": users}))
        except MENDED as error:
            return sheet(request, "incidents/incident_form.html", given, context, error)
        return HttpResponseRedirect(reverse("incident", args=[row.pk]))
    return sheet(request, "incidents/incident_form.html", given, context)


@signed_in
def end_page(request: HttpRequest, incident_id: int) -> HttpResponse:
    actor = actor_of(request)
    row = incident_view(incident_id, actor)
    page = reverse("incident", args=[incident_id])
    question = Question(
        title=f"End {row.reference}", consequence="Users are served again from now on. It stays on record with its windows.",
        button="End the incident", icon="completed", back=page, reason="required", about=row.title, label="What ended it",
    )  # fmt: skip
    return decided(request, question, lambda reason: end_incident(actor, incident_id, reason), page)


@signed_in
def link_page(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Which window, and why: for what neither tag nor time nor scope tells."""
    actor = actor_of(request)
    row = incident_view(incident_id, actor)
    require(actor, Verb.REPORT, reporter(actor))
    given = {"window": "", "reason": ""}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            link_incident(actor, incident_id, given["window"], given["reason"])
        except MENDED as error:
            return sheet(request, "incidents/link.html", given, {"incident": row}, error)
        return HttpResponseRedirect(reverse("incident", args=[incident_id]))
    return sheet(request, "incidents/link.html", given, {"incident": row})
