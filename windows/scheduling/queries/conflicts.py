"""What stands in the way of a window now: the rows that matter, as plain values, handed to the pure judgement. Seven queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from windows.access.roles import Actor, visible
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.lifecycle.states import HOLDS_SLOT, ChangeType, WindowStatus
from windows.scheduling import conflicts
from windows.scheduling.conflicts import Candidate, ConflictFinding, Place
from windows.scheduling.models import LONGEST_RESERVATION, Window, WindowScope, begin, finish
from windows.scheduling.queries.freezes import freezes
from windows.scheduling.queries.slots import slots
from windows.scheduling.queries.windows import scope_of, subject_of

ALIVE = [status.value for status in HOLDS_SLOT]
ROW = (
    "window_id", "reserved_from", "reserved_until", "service__slug", "environment", "region", "service__team__slug", "window__change_type",
    "window__confidential", "window__status", "window__coordinator_id", "window__coordinator__name", "window__deputy_id",
    "window__deputy__name",
)  # fmt: skip
AROUND = """
with recursive near(id, steps) as (
    select id, 0 from catalogue_service where slug = any(%(slugs)s)
    union
    select edge.there, near.steps + 1 from near join lateral (
        select depends_on_id as there from catalogue_dependency where service_id = near.id
        union all
        select service_id from catalogue_dependency where depends_on_id = near.id
    ) edge on true where near.steps < %(depth)s
)
select distinct s.slug, o.slug, s.id, o.id from catalogue_dependency d
join catalogue_service s on s.id = d.service_id join catalogue_service o on o.id = d.depends_on_id
where d.service_id in (select id from near) and d.depends_on_id in (select id from near)
union all
select slug, null, id, null from catalogue_service where slug = any(%(slugs)s)
"""


def conflicts_of(window_id: int, viewer: Actor | None = None, now: datetime | None = None) -> list[ConflictFinding]:
    """Every conflict of a saved window, in any state. A confidential rival is named only to those who may see it."""
    people = ("coordinator_id", "coordinator__name", "deputy_id", "deputy__name")
    row = Window.objects.filter(pk=window_id).values("starts_at", "ends_at", "change_type", *people).first()
    if row is None:
        raise NotFound("There is no such window.")
    candidate = Candidate(
        reference=f"MW-{window_id}",
        begins=row["starts_at"],
        ends=row["ends_at"],
        places=frozenset(Place(s.service, s.environment, s.region, s.team) for s in scope_of(window_id)),
        coordinator=(row["coordinator_id"], row["coordinator__name"]),
        deputy=person(row["deputy_id"], row["deputy__name"]),
        emergency=row["change_type"] == ChangeType.EMERGENCY,
    )
    return conflicts_with(candidate, exclude=window_id, viewer=viewer, now=now)


def conflicts_with(
    candidate: Candidate, *, exclude: int | None = None, viewer: Actor | None = None, now: datetime | None = None
) -> list[ConflictFinding]:
    """The same question for a window that is only being thought of."""
    needs, service_ids = around({place.service for place in candidate.places}, conflicts.DEPTH)
    others = others_near(candidate, service_ids, exclude, viewer)
    frozen = [freeze.facts for freeze in freezes(candidate.begins, candidate.ends)]
    return conflicts.find(candidate, others, frozen, needs, now or clock())


def around(services: set[str], depth: int) -> tuple[conflicts.Needs, set[int]]:
    """The dependencies within so many steps up or down of the services, and the ids of all services among them."""
    needs: dict[str, set[str]] = {}
    ids: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(AROUND, {"slugs": list(services), "depth": depth})
        for service, other, service_id, other_id in cursor.fetchall():
            ids.add(service_id)
            if other is not None:
                ids.add(other_id)
                needs.setdefault(service, set()).add(other)
    return {service: frozenset(others) for service, others in needs.items()}, ids


def others_near(candidate: Candidate, service_ids: Iterable[int], exclude: int | None, viewer: Actor | None) -> list[Candidate]:
    """The windows alive around the candidate: those that hold a service of its neighbourhood, share a person, or are emergencies.

    One that is running counts whatever it reserved: it may have outgrown that.
    """
    people = [one[0] for one in (candidate.coordinator, candidate.deputy) if one]
    shared = Q(window__change_type=ChangeType.EMERGENCY.value) | Q(window__coordinator__in=people) | Q(window__deputy__in=people)
    near = WindowScope.objects.alias(finishes=finish()).filter(
        window__status__in=ALIVE, window__starts_at__gt=candidate.begins - LONGEST_RESERVATION, window__starts_at__lt=candidate.ends
    )
    holding = slots(service_ids, candidate.begins, candidate.ends).annotate(reserved_from=begin(), reserved_until=finish())
    sharing = near.filter(shared, finishes__gt=candidate.begins).annotate(reserved_from=begin(), reserved_until=finish())
    under_way = WindowScope.objects.filter(shared | Q(service__in=list(service_ids)), window__status=WindowStatus.RUNNING.value)
    running = under_way.annotate(reserved_from=begin(), reserved_until=finish())
    found: dict[int, Candidate] = {}
    for row in [*holding.values_list(*ROW), *sharing.values_list(*ROW), *running.values_list(*ROW)]:
        if row[0] != exclude:
            other = found.get(row[0]) or other_of(row, viewer)
            found[row[0]] = replace(other, places=other.places | {Place(*row[3:7])})
    return list(found.values())


def other_of(row: tuple[Any, ...], viewer: Actor | None) -> Candidate:
    """A rival, still without its places. A confidential one has a name only for those who may see it."""
    window_id, begins, ends, _, _, _, _, change_type, confidential, status, coordinator_id, coordinator, deputy_id, deputy = row
    hidden = confidential and (viewer is None or not visible(viewer, subject_of(window_id)))
    return Candidate(
        reference="a confidential window" if hidden else f"MW-{window_id}",
        begins=begins,
        ends=ends,
        places=frozenset(),
        coordinator=(coordinator_id, coordinator),
        deputy=person(deputy_id, deputy),
        emergency=change_type == ChangeType.EMERGENCY,
        running=status == WindowStatus.RUNNING,
    )


def person(person_id: int | None, name: str | None) -> tuple[int, str] | None:
    return None if person_id is None or name is None else (person_id, name)
