"""Nouns: incidents and complaints for these eyes, and the windows that something could belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Prefetch, Q, When
from django.utils.crypto import salted_hmac

from windows.access.roles import Actor
from windows.catalogue.models import Dependency
from windows.errors import Invalid, NotFound
from windows.incidents.linking import Happened, Ran
from windows.incidents.models import Complaint, ComplaintLink, Incident, IncidentLink
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries.listing import for_eyes_of

LONGEST = timedelta(days=7)  # no window is longer


@dataclass(frozen=True, slots=True)
class LinkView:
    reference: str
    title: str
    by: str
    reason: str
    made_by: str


def needs_of(service: str) -> frozenset[str]:
    """The services that this one needs, directly."""
    return (
        frozenset(Dependency.objects.filter(service__slug=service).values_list("depends_on__slug", flat=True)) if service else frozenset()
    )


def ran_around(at: datetime, after: timedelta, tag: str = "") -> tuple[list[Ran], dict[str, int]]:
    """The windows that ran then or had ended not long before, the newest 500, and the one that is named; with their ids. Two queries."""
    near = Q(started_at__lte=at, started_at__gt=at - LONGEST - after) & (Q(ended_at__isnull=True) | Q(ended_at__gte=at - after))
    named = int(tag.removeprefix("MW-")[:18]) if tag.removeprefix("MW-").isdigit() else 0
    near |= Q(pk=named, started_at__isnull=False)
    newest = Window.objects.filter(near).order_by(Case(When(pk=named, then=0), default=1), "-started_at", "-pk")
    rows = list(newest.values_list("pk", "started_at", "ended_at")[:500])
    places: dict[int, set[tuple[str, str]]] = {}
    scopes = WindowScope.objects.filter(window__in=[pk for pk, _, _ in rows]).annotate(slug=F("service__slug"))
    for window_id, slug, environment in scopes.values_list("window_id", "slug", "environment"):
        places.setdefault(window_id, set()).add((slug, environment))
    found = [Ran(f"MW-{pk}", began, ended, frozenset(places.get(pk, ()))) for pk, began, ended in rows if began is not None]
    return found, {f"MW-{pk}": pk for pk, _, _ in rows}


def happened(row: Incident | Complaint) -> Happened:
    at = row.started_at if isinstance(row, Incident) else row.received_at
    return Happened(at, row.service, row.environment, row.tag, needs_of(row.service))


def seen_links(model: type[IncidentLink] | type[ComplaintLink], viewer: Actor) -> Any:
    """Links to windows that the viewer may know of."""
    mine = Window.objects.filter(for_eyes_of(viewer))
    return model._default_manager.filter(window__in=mine).select_related("window").order_by("pk")


def views_of(row: Incident | Complaint) -> list[LinkView]:
    """Of a row whose links were fetched for its reader."""
    return [LinkView(one.window.reference, one.window.title, one.by, one.reason, one.made_by) for one in row.links.all()]


def incidents(viewer: Actor, filters: Mapping[str, str], *, before: int | None = None, limit: int = 50) -> list[Incident]:
    """The newest first; a constant number of queries. `filters`: service, state (open, ended), window, severity."""
    rows = Incident.objects.prefetch_related(Prefetch("links", seen_links(IncidentLink, viewer)))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    for name in ("service", "severity"):
        if filters.get(name):
            rows = rows.filter(**{name: filters[name]})
    if filters.get("state"):
        if filters["state"] not in ("open", "ended"):
            raise Invalid("A state is open or ended.", field="state")
        rows = rows.filter(ended_at__isnull=filters["state"] == "open")
    if filters.get("window"):
        rows = rows.filter(links__in=named(IncidentLink, viewer, filters["window"]))
    return list(rows.order_by("-pk")[:limit])


def complaints(viewer: Actor, filters: Mapping[str, str], *, before: int | None = None, limit: int = 50) -> list[Complaint]:
    rows = Complaint.objects.prefetch_related(Prefetch("links", seen_links(ComplaintLink, viewer)))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if filters.get("service"):
        rows = rows.filter(service=filters["service"])
    if filters.get("window"):
        rows = rows.filter(links__in=named(ComplaintLink, viewer, filters["window"]))
    return list(rows.order_by("-pk")[:limit])


def named(model: type[IncidentLink] | type[ComplaintLink], viewer: Actor, reference: str) -> Any:
    number = reference.upper().removeprefix("MW-")
    return seen_links(model, viewer).filter(window_id=int(number) if number.isdigit() and len(number) < 18 else 0)


def incident_view(incident_id: int, viewer: Actor) -> Incident:
    """NotFound where there is none. Its links are those that the viewer may know of."""
    rows = Incident.objects.prefetch_related(Prefetch("links", seen_links(IncidentLink, viewer)))
    found = rows.filter(pk=incident_id).first()
    if found is None:
        raise NotFound("There is no such incident.")
    return found


def linked_to(window_id: int) -> tuple[list[Incident], list[Complaint]]:
    """What belongs to one window, for somebody who may see it; two queries, 50 of each at most."""
    mine = {"links__window_id": window_id}
    return list(Incident.objects.filter(**mine).order_by("-pk")[:50]), list(Complaint.objects.filter(**mine).order_by("-pk")[:50])


def open_incidents(services: Collection[str], limit: int = 10) -> list[Incident]:
    return list(Incident.objects.filter(ended_at=None, service__in=services).order_by("-pk")[:limit])


def after(reference: str) -> str:
    """The external reference of what the watch after that window opened: everybody reads it, and the window may be confidential."""
    return f"watch-after:{salted_hmac('windows.incidents.after', reference).hexdigest()[:32]}"


def opened_after(reference: str) -> Incident | None:
    return Incident.objects.filter(external_ref=after(reference)).first()
