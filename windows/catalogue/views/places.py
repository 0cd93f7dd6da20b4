"""Environments and regions: where services can run. SRE and administrators name them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.roles import Subject, Verb, permitted
from windows.access.sheets import MENDED, sheet, typed
from windows.catalogue.commands.places import define_environment, define_region
from windows.catalogue.models import Environment, Region
from windows.errors import Invalid

PLACES = Subject(called="environments and regions")


@signed_in
def place_list(request: HttpRequest) -> HttpResponse:
    """Both lists; a POST adds one, or names a known one anew."""
    actor = actor_of(request)
    context = {
        "rows": Environment.objects.order_by("-is_production", "name"),
        "regions": Region.objects.order_by("name"),
        "may_edit": permitted(actor, Verb.EDIT_CATALOGUE, PLACES),
        "kinds": [("environment", "Environment"), ("region", "Region")],
    }
    given = {"kind": "environment", "slug": "", "name": "", "production": ""}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            if given["kind"] not in ("environment", "region"):
                raise Invalid("Choose environment or region.", field="kind")
            if given["kind"] == "region":
                define_region(actor, given["slug"], given["name"])
            else:
                define_environment(actor, given["slug"], given["name"], production=bool(given["production"]))
        except MENDED as error:
            return sheet(request, "catalogue/place_list.html", given, context, error)
        return HttpResponseRedirect(reverse("places"))
    return sheet(request, "catalogue/place_list.html", given, context)
