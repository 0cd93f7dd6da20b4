"""What a service promises, written in the browser by its team: target, time and where the counts come from."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from slo.errors import Invalid as SloInvalid
from slo.errors import Missing
from slo.objectives.commands import Definition
from slo.objectives.queries import Promise, promise
from slo.telemetry import registry
from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.catalogue.commands.objectives import define_objective
from windows.catalogue.models import Environment
from windows.catalogue.queries import subject_of_service
from windows.errors import Invalid, NotFound

TYPED = (
    *("slug", "title", "target", "environment", "window_days", "source", "good", "total", "is_critical", "version"),
    *("maintenance", "slice_minutes", "slice_target"),
)
POLICIES = (
    ("allow", "allow: only what goes over the slack agreed for the window counts"),
    ("exclude", "exclude: the agreed minutes of a window do not count"),
    ("count", "count: as any other minute"),
)
PLAIN = {"good", "total"}  # what the form has fields for; other queries are edited as OpenSLO


def definition_in(given: Mapping[str, Any], service: str, known: Promise | None = None) -> Definition:
    """Shares are typed in per cent: 99.9. What the form has no field for stays as it is. Invalid names what cannot be read."""
    query = {name: given[name] for name in ("good", "total") if given[name]}
    keeps = {name: getattr(known, name) for name in ("description", "calendar", "rules", "labels")} if known else {}
    if known and not set(known.query) <= PLAIN:
        query = dict(known.query)
    minutes = given["slice_minutes"]
    return Definition(
        slug=given["slug"],
        service=service,
        title=given["title"],
        target=per_cent(given["target"], "target"),
        environment=given["environment"],
        window_days=number(given["window_days"], "window_days", least=1, most=366),
        source=given["source"],
        query=query,
        is_critical=bool(given["is_critical"]),
        maintenance=given["maintenance"] or "allow",
        slice_minutes=number(minutes, "slice_minutes", least=1, most=1440) if minutes else None,
        slice_target=per_cent(given["slice_target"], "slice_target") if given["slice_target"] else None,
        **keeps,
    )


def per_cent(text: str, name: str) -> Decimal:
    try:
        return Decimal(text.replace("%", "").replace(",", ".").strip()) / 100
    except InvalidOperation:
        raise Invalid("Write a share in per cent, such as 99.9.", field=name) from None


def shown(request: HttpRequest, service: str, given: Mapping[str, Any], known: Promise | None, error: Any = None) -> HttpResponse:
    context = {
        "service_slug": service,
        "known": known,
        "places": list(Environment.objects.order_by("-is_production", "name").values_list("slug", "name")),
        "policies": POLICIES,
        "is_plain": known is None or set(known.query) <= PLAIN,
        "sources": [(name, name.replace("_", " ")) for name in registry.known()],
    }
    return sheet(request, "catalogue/objective_form.html", given, context, error)


def saved(request: HttpRequest, service: str, known: Promise | None) -> HttpResponse:
    given = typed(request, *TYPED) | ({"slug": known.slug} if known else {})
    try:
        version = number(given["version"], "version") if known else 0
        define_objective(actor_of(request), definition_in(given, service, known), version)
    except SloInvalid as error:
        field = "good" if error.field == "query" else error.field
        return shown(request, service, given, known, Invalid(str(error), field=field))
    except MENDED as error:
        return shown(request, service, given, known, error)
    return HttpResponseRedirect(reverse("service", args=[service]))


@signed_in
def new_objective(request: HttpRequest, slug: str) -> HttpResponse:
    require(actor_of(request), Verb.EDIT_OBJECTIVE, subject_of_service(slug))
    if request.method == "POST":
        return saved(request, slug, None)
    given = dict.fromkeys(TYPED, "") | {"target": "99.9", "window_days": "28", "environment": "production", "source": "push"}
    return shown(request, slug, given | {"slug": f"{slug}-"}, None)


@signed_in
def edit_objective(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        known = promise(slug)
    except Missing as error:
        raise NotFound(f"There is no objective {slug[:120]} here.") from error
    require(actor_of(request), Verb.EDIT_OBJECTIVE, subject_of_service(known.service))
    if request.method == "POST":
        return saved(request, known.service, known)
    given: dict[str, Any] = {name: getattr(known, name, "") for name in TYPED}
    given |= {
        "target": f"{(known.target * 100).normalize():f}",
        "slice_minutes": known.slice_minutes or "",
        "slice_target": f"{(known.slice_target * 100).normalize():f}" if known.slice_target else "",
    }
    given |= {"good": known.query.get("good", ""), "total": known.query.get("total", "")}
    return shown(request, known.service, given, known)
