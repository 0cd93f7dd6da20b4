"""Editing a service: what it is, where it runs, what it needs, whose it is. Each form calls the command the API calls."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.roles import TABLE, Actor, Verb, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.catalogue.commands.dependencies import declare_dependency, withdraw_dependency
from windows.catalogue.commands.services import define_service, deploy_service, edit_service, hand_over_service
from windows.catalogue.models import Environment, Region, Service, Team
from windows.catalogue.queries import subject_of_service
from windows.errors import Invalid

TIERS = [("1", "1, the most critical"), ("2", "2"), ("3", "3"), ("4", "4")]
DETAILS = ("name", "description", "tier", "monthly_active_users", "revenue_per_hour", "cost_per_hour", "on_call_schedule_url")


def page_of(slug: str) -> str:
    return reverse("service", args=[slug])


def guarded(request: HttpRequest, slug: str) -> tuple[Actor, Service]:
    """Who may not edit a service learns it before typing; the command asks again."""
    actor = actor_of(request)
    require(actor, Verb.EDIT_CATALOGUE, subject_of_service(slug))
    return actor, Service.objects.select_related("team").get(slug=slug)


def amount(given: Mapping[str, Any], name: str) -> Decimal | None:
    """An amount as people type it; None where nothing is typed."""
    text = given[name].replace(",", "").replace("\u202f", "")
    try:
        found = Decimal(text) if text else None
    except InvalidOperation:
        raise Invalid("Write an amount, such as 12500 or 12500.50.", field=name) from None
    if found is not None and (not found.is_finite() or found < 0):
        raise Invalid("Write an amount of zero or more.", field=name)
    return found


def details(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a service as its columns take them; Invalid names the one that cannot be read."""
    users = given["monthly_active_users"]
    return {
        "name": given["name"],
        "description": given["description"],
        "tier": number(given["tier"], "tier", least=1, most=4),
        "monthly_active_users": number(users, "monthly_active_users") if users else None,
        "revenue_per_hour": amount(given, "revenue_per_hour"),
        "cost_per_hour": amount(given, "cost_per_hour"),
        "on_call_schedule_url": given["on_call_schedule_url"],
    }


@signed_in
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    actor, service = guarded(request, slug)
    context: dict[str, Any] = {"service": service, "tiers": TIERS, "version": str(service.version)}
    if request.method == "POST":
        given, context["version"] = typed(request, *DETAILS), request.POST.get("version", "")
        try:
            edit_service(actor, slug, details(given), number(context["version"], "version"))
        except MENDED as error:
            return sheet(request, "catalogue/service_form.html", given, context, error)
        return HttpResponseRedirect(page_of(slug))
    shown = {name: "" if getattr(service, name) is None else getattr(service, name) for name in DETAILS}
    return sheet(request, "catalogue/service_form.html", shown, context)


@signed_in
def new(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    mine = Team.objects.order_by("name")
    if not (actor.sre or actor.administrator):
        mine = mine.filter(slug__in=[team for team, role in actor.roles if role in TABLE[Verb.EDIT_CATALOGUE]])
    given: dict[str, Any] = dict.fromkeys(("slug", "team", *DETAILS), "") | {"tier": "3"}
    context = {"tiers": TIERS, "teams": list(mine.values_list("slug", "name"))}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            said = details(given)
            define_service(actor, given["slug"], said.pop("name"), given["team"], **said)
        except MENDED as error:
            return sheet(request, "catalogue/service_form.html", given, context, error)
        return HttpResponseRedirect(page_of(given["slug"]))
    return sheet(request, "catalogue/service_form.html", given, context)


@signed_in
def places(request: HttpRequest, slug: str) -> HttpResponse:
    """Where it runs, whole: a box for each environment and region."""
    actor, service = guarded(request, slug)
    environments = list(Environment.objects.order_by("-is_production", "name"))
    regions = list(Region.objects.order_by("name"))
    rows = [(one.name, [(f"{one.slug}/{region.slug}", region.name) for region in regions]) for one in environments]
    here = [f"{row.environment.slug}/{row.region.slug}" for row in service.deployments.select_related("environment", "region")]
    context = {"service": service, "rows": rows}
    if request.method == "POST":
        given = typed(request, lists=("places",))
        try:
            if "sent" not in request.POST:
                raise Invalid("Say where it runs.", field="places")
            deploy_service(actor, slug, [place_in(text) for text in given["places"]])
        except MENDED as error:
            return sheet(request, "catalogue/places.html", given, context, error)
        return HttpResponseRedirect(page_of(slug))
    return sheet(request, "catalogue/places.html", {"places": here}, context)


def place_in(text: str) -> tuple[str, str]:
    environment, _, region = text.partition("/")
    return environment, region


@signed_in
def dependencies(request: HttpRequest, slug: str) -> HttpResponse:
    """What it needs: one added or taken away at a time."""
    actor, service = guarded(request, slug)
    context = {
        "service": service,
        "needs": Service.objects.filter(dependents__service=service).order_by("name"),
        "others": Service.objects.exclude(pk=service.pk).exclude(dependents__service=service).order_by("name").values_list("slug", "name"),
    }
    if request.method == "POST":
        given = typed(request, "depends_on", "withdraw")
        try:
            if given["withdraw"]:
                withdraw_dependency(actor, slug, given["withdraw"])
            else:
                declare_dependency(actor, slug, given["depends_on"])
        except MENDED as error:
            return sheet(request, "catalogue/dependencies.html", given, context, error)
        return HttpResponseRedirect(reverse("service-dependencies", args=[slug]))
    return sheet(request, "catalogue/dependencies.html", {"depends_on": "", "withdraw": ""}, context)


@signed_in
def hand_over(request: HttpRequest, slug: str) -> HttpResponse:
    actor, service = guarded(request, slug)
    context = {"service": service, "teams": Team.objects.exclude(pk=service.team_id).order_by("name").values_list("slug", "name")}
    given = {"team": "", "version": str(service.version)}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            if not given["team"]:
                raise Invalid("Choose a team.", field="team")
            hand_over_service(actor, slug, given["team"], number(given["version"], "version"))
        except MENDED as error:
            return sheet(request, "catalogue/hand_over.html", given, context, error)
        return HttpResponseRedirect(page_of(slug))
    return sheet(request, "catalogue/hand_over.html", given, context)
