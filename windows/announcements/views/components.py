"""Which services the public page names, and how, as pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Subject, Verb, permitted
from windows.access.sheets import MENDED, number, sheet, typed
from windows.announcements.commands.components import LAST, of, publish_service, unpublish_service
from windows.announcements.queries import services_and_names

FORM = "announcements/component_form.html"


@reads
def components_page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    rows = [(one, permitted(actor, Verb.EDIT_CATALOGUE, Subject(team=one.team.slug))) for one in services_and_names()]
    return render(request, "announcements/components.html", {"rows": rows})


@signed_in
def component_page(request: HttpRequest, service: str) -> HttpResponse:
    actor = actor_of(request)
    found = of(actor, service)
    row = getattr(found, "component", None)
    if request.method == "POST":
        given = typed(request, "name", "description", "position")
        try:
            position = number(given["position"], "position", most=LAST)
            publish_service(actor, service, name=given["name"], description=given["description"], position=position)
        except MENDED as error:
            return sheet(request, FORM, given, {"service": found, "component": row}, error)
        return HttpResponseRedirect(reverse("status-components"))
    told = {"name": row.name, "description": row.description, "position": row.position} if row else {}
    return sheet(request, FORM, {"name": found.name, "description": "", "position": 100} | told, {"service": found, "component": row})


@signed_in
def unpublish_page(request: HttpRequest, service: str) -> HttpResponse:
    actor = actor_of(request)
    found = of(actor, service)
    question = Question(
        title=f"Take {found.name} off the public status page", button="Take it off", icon="close", tone="danger",
        back=reverse("status-components"), about=found.name, reason="none",
        consequence="The public page names it no more. What was announced of its windows stays, without its name.",
    )  # fmt: skip
    return decided(request, question, lambda _: unpublish_service(actor, service), question.back)
