"""Services: the list, and for each its promise, budget, windows, flags and dependencies on one page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.charts.graph import graph
from portal.dashboards.objectives import left
from slo.objectives.queries import Promise, promises
from windows.access.pages import chosen_environment, reads
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import Actor, Subject, Verb, permitted
from windows.audit.clock import clock
from windows.catalogue.models import Dependency, Service, Team
from windows.errors import NotFound
from windows.flags.models import Flag
from windows.flags.queries import places_at
from windows.lifecycle.states import FINAL
from windows.scheduling.queries.listing import next_windows, windows
from windows.scheduling.queries.loads import months

PAGE, SHOWN = 50, 5
TIERS = ("1", "2", "3", "4")
QUARTER = timedelta(days=92)
LOW = 0.25  # of an error budget
ENDED = [status.value for status in FINAL]


@dataclass(frozen=True, slots=True)
class Kept:
    """An objective and what is left of its budget, as shares; None: no events, not known."""

    promise: Promise
    raw: float | None
    adjusted: float | None

    @property
    def is_low(self) -> bool:
        return self.adjusted is not None and self.adjusted < LOW

    @property
    def per_cent(self) -> int:
        return max(0, min(100, round((self.adjusted or 0.0) * 100)))

    @property
    def target_text(self) -> str:
        return f"{(self.promise.target * 100).normalize():f} %"


def kept(wanted: list[Promise], now: datetime) -> list[Kept]:
    """In the order asked; the figures of the dashboards. Two queries."""
    told = {one.objective: one for one in left(wanted, now)} if wanted else {}
    return [Kept(one, told[one.slug].raw, told[one.slug].adjusted) for one in wanted]


@reads
def service_list(request: HttpRequest) -> HttpResponse:
    """The same number of queries for one service and for a thousand."""
    actor, now, environment = actor_of(request), clock(), chosen_environment(request)
    sent = {name: request.GET.get(name, "").replace("\0", "").strip()[:63] for name in ("q", "team", "tier")}
    rows = Service.objects.select_related("team").order_by("name", "slug")
    if sent["q"]:
        rows = rows.filter(Q(name__icontains=sent["q"]) | Q(slug__icontains=sent["q"]))
    if sent["team"]:
        rows = rows.filter(team__slug=sent["team"])
    if sent["tier"] in TIERS:
        rows = rows.filter(tier=int(sent["tier"]))
    if environment:
        rows = rows.filter(deployments__environment__slug=environment).distinct()
    if after := cursor_of(request.GET, str, str):
        rows = rows.filter(Q(name__gt=after[0]) | Q(name=after[0], slug__gt=after[1]))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    slugs = [row.slug for row in shown]
    worst: dict[str, Kept] = {}
    for one in kept([p for p in promises(services=slugs) if not environment or p.environment == environment], now):
        known = worst.get(one.promise.service)
        if known is None or (one.adjusted is not None and (known.adjusted is None or one.adjusted < known.adjusted)):
            worst[one.promise.service] = one
    coming = next_windows(slugs, actor, now)
    flags = Flag.objects.filter(target__in=slugs).exclude(mode="normal").order_by("-global_version")
    live: dict[str, Flag] = {flag.target: flag for flag in reversed(flags)}
    onward = request.GET.copy()
    if len(found) > PAGE:
        onward["cursor"] = cursor_to([shown[-1].name, shown[-1].slug])
    context = {
        "rows": [{"service": row, "kept": worst.get(row.slug), "next": coming.get(row.slug), "flag": live.get(row.slug)} for row in shown],
        "teams": Team.objects.order_by("name").values_list("slug", "name"),
        "tiers": TIERS,
        "sent": sent,
        "narrowed": any(sent.values()),
        "more": f"?{onward.urlencode()}" if len(found) > PAGE else "",
        "now": now,
        "may_add": any(permitted(actor, Verb.EDIT_CATALOGUE, Subject(team=team)) for team in {None, *(team for team, _ in actor.roles)}),
    }
    return render(request, "catalogue/services.html", context)


@reads
def service_page(request: HttpRequest, slug: str) -> HttpResponse:
    actor, now = actor_of(request), clock()
    service = Service.objects.select_related("team").filter(slug=slug).first()
    if service is None:
        raise NotFound(f"There is no service {slug[:63]} here.")
    where: dict[str, list[str]] = {}
    here = service.deployments.order_by("environment__slug", "region__slug")
    for environment, region in here.values_list("environment__slug", "region__slug"):
        where.setdefault(environment, []).append(region)
    needs, dependents = neighbours(service)
    context = {
        "service": service,
        "where": [{"environment": name, "regions": regions} for name, regions in where.items()],
        "flags": places_at([(slug, environment) for environment in where]),
        "kept": kept(promises(services=[slug]), now),
        "ahead": ahead(slug, actor, now),
        "past": windows(actor, {"service": slug}, limit=SHOWN, condition=Q(status__in=ENDED))[:SHOWN],
        "load": sorted(months(now - QUARTER, now + QUARTER / 3, service=slug, limit=SHOWN), key=lambda one: one.month),
        "needs": needs,
        "dependents": dependents,
        "graph": graph((service.slug, service.name), dependents, needs),
        "may_edit": permitted(actor, Verb.EDIT_CATALOGUE, Subject(team=service.team.slug)),
        "may_promise": permitted(actor, Verb.EDIT_OBJECTIVE, Subject(team=service.team.slug)),
        "now": now,
    }
    return render(request, "catalogue/service.html", context)


def ahead(slug: str, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    open_ = ~Q(status__in=ENDED) & Q(ends_at__gt=now) | Q(status="running")
    return windows(actor, {"service": slug}, limit=SHOWN, condition=open_, ascending=True)[:SHOWN]


def neighbours(service: Service) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What it needs and who needs it, each (slug, name) by name. One query."""
    rows = Dependency.objects.filter(Q(service=service) | Q(depends_on=service)).values_list(
        "service__slug", "service__name", "depends_on__slug", "depends_on__name"
    )
    told = list(rows)
    needs = sorted(((slug, name) for mine, _, slug, name in told if mine == service.slug), key=lambda one: one[1])
    dependents = sorted(((slug, name) for slug, name, needed, _ in told if needed == service.slug), key=lambda one: one[1])
    return needs, dependents
