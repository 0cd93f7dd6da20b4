"""What stands in the way of a window now: the rows that matter, handed to the pure judgement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from windows.access.roles import Actor, visible
from windows.audit.clock import clock
from windows.catalogue.models import Dependency
from windows.errors import NotFound
from windows.lifecycle.states import HOLDS_SLOT, ChangeType
from windows.scheduling import conflicts
from windows.scheduling.conflicts import Candidate, ConflictFinding, Place
from windows.scheduling.models import LONGEST_RESERVATION, Window, WindowScope, begin
from windows.scheduling.queries.freezes import freezes
from windows.scheduling.queries.windows import scope_of, subject_with

ALIVE = [status.value for status in HOLDS_SLOT]


def conflicts_of(window_id: int, viewer: Actor | None = None, now: datetime | None = None) -> list[ConflictFinding]:
    """Every conflict of a saved window, in any state. A confidential rival is named only to those who may see it."""
    window = Window.objects.select_related("coordinator", "deputy").filter(pk=window_id).first()
    if window is None:
        raise NotFound("There is no such window.")
    places = frozenset(Place(row.service, row.environment, row.region, row.team) for row in scope_of(window.pk))
    return conflicts_with(candidate_of(window, places, window.reference), exclude=window.pk, viewer=viewer, now=now)


def conflicts_with(
    candidate: Candidate, *, exclude: int | None = None, viewer: Actor | None = None, now: datetime | None = None
) -> list[ConflictFinding]:
    """The same question for a window that is only being thought of."""
    needs = needs_around({place.service for place in candidate.places}, conflicts.DEPTH)
    around = {place.service for place in candidate.places} | needs.keys() | {name for wanted in needs.values() for name in wanted}
    others = others_near(candidate, around, exclude, viewer)
    frozen = [freeze.facts for freeze in freezes(candidate.begins, candidate.ends)]
    return conflicts.find(candidate, others, frozen, needs, now or clock())


def needs_around(services: set[str], depth: int) -> conflicts.Needs:
    """The dependencies within so many steps up or down of the services; one query a step."""
    needs: dict[str, set[str]] = {}
    edge, seen = set(services), set(services)
    for _ in range(depth):
        rows = Dependency.objects.filter(Q(service__slug__in=edge) | Q(depends_on__slug__in=edge)) if edge else Dependency.objects.none()
        met: set[str] = set()
        for service, other in rows.values_list("service__slug", "depends_on__slug"):
            needs.setdefault(service, set()).add(other)
            met |= {service, other}
        edge, seen = met - seen, seen | met
    return {service: frozenset(others) for service, others in needs.items()}


def others_near(candidate: Candidate, services: Iterable[str], exclude: int | None, viewer: Actor | None) -> list[Candidate]:
    """The windows alive around the candidate: those that hold a service of its neighbourhood, share a person, or are emergencies."""
    earliest = candidate.begins - LONGEST_RESERVATION
    slots = WindowScope.objects.alias(begins=begin()).filter(
        holds_slot=True,
        service__slug__in=list(services),
        begins__gt=earliest,
        begins__lt=candidate.ends,
        reserved__overlap=(candidate.begins, candidate.ends),
    )
    people = [person[0] for person in (candidate.coordinator, candidate.deputy) if person]
    shared = Q(change_type=ChangeType.EMERGENCY.value) | Q(coordinator__in=people) | Q(deputy__in=people)
    near = Window.objects.filter(status__in=ALIVE, starts_at__gt=earliest, starts_at__lt=candidate.ends).filter(shared)
    ids = set(slots.values_list("window_id", flat=True)) | set(near.values_list("id", flat=True))
    ids.discard(exclude or 0)
    windows = Window.objects.filter(pk__in=ids).select_related("team", "coordinator", "deputy").defer("vevent")
    return [other_of(window, viewer) for window in windows.prefetch_related("scopes__service__team").order_by("id")]


def other_of(window: Window, viewer: Actor | None) -> Candidate:
    scopes = list(window.scopes.all())
    places = frozenset(Place(s.service.slug, s.environment, s.region, s.service.team.slug) for s in scopes)
    named = window.reference
    if window.confidential and (viewer is None or not visible(viewer, subject_with(window, {place.team for place in places}))):
        named = "a confidential window"
    begins = min((s.reserved.lower for s in scopes if s.reserved and s.reserved.lower), default=window.starts_at)
    ends = max((s.reserved.upper for s in scopes if s.reserved and s.reserved.upper), default=window.ends_at)
    return candidate_of(window, places, named, begins, ends)


def candidate_of(
    window: Window, places: frozenset[Place], named: str, begins: datetime | None = None, ends: datetime | None = None
) -> Candidate:
    return Candidate(
        reference=named,
        begins=begins or window.starts_at,
        ends=ends or window.ends_at,
        places=places,
        coordinator=(window.coordinator_id, window.coordinator.name),
        deputy=(window.deputy.pk, window.deputy.name) if window.deputy else None,
        emergency=window.change_type == ChangeType.EMERGENCY,
    )
