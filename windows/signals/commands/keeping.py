"""Verbs: keep spans and log lines that belong to a window or lie near one. What the same sender sends twice is kept once.

Nothing here is an act of a person: the trail does not tell of it, as it does not of measurements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q

from windows.access.roles import Actor, Subject, Verb, permitted, require, somewhere
from windows.catalogue.models import Dependency, Service
from windows.lifecycle.states import WindowStatus
from windows.scheduling.models import LONGEST_RESERVATION, Window, WindowScope
from windows.scheduling.queries.windows import REFERENCE
from windows.signals.models import StoredLine, StoredSpan
from windows.signals.nearness import NEAR, Around, fitting, rooms
from windows.signals.records import Found, Line, Measured, Span

R = TypeVar("R", Span, Line)
S = TypeVar("S", Span, Line, Measured)
SENDER = Subject(called="logs and traces")
BEGUN = [WindowStatus.APPROVED, WindowStatus.RUNNING, WindowStatus.COMPLETED, WindowStatus.ROLLED_BACK, WindowStatus.FAILED]
TAKE = """
insert into signals_room (holder, taken, used_at) select h, 0, clock_timestamp() from unnest(%s::text[]) h order by h
on conflict (holder) do update set used_at = clock_timestamp() returning holder, taken
"""
TAKEN = "update signals_room r set taken = g.taken from unnest(%s::text[], %s::bigint[]) g(holder, taken) where r.holder = g.holder"


@dataclass(frozen=True, slots=True)
class Taken:
    """How many were kept, how many belong to no window and were let go, and what was refused: reason → how many."""

    kept: int
    passed: int
    refused: Mapping[str, int]


def keep(actor: Actor, found: Found[R], now: datetime) -> Taken:
    """Keep what was sent, as far as there is room. Forbidden where the token may not, or may for none of the services that sent it."""
    allowed, refused = admitted(actor, found.records)
    tagged = belonging(actor, known(allowed))
    near = [one for one in tagged if not one.window]
    around = windows_near({one.service for one in near}, now) if near else []
    wanted = [one for one in tagged if one.window or any(place.is_near(one) for place in around)]
    kept, full = stored(wanted)
    return Taken(kept, len(tagged) - len(wanted), together(found.refused, refused, full))


def together(*told: Mapping[str, int]) -> dict[str, int]:
    """Reasons with their counts, summed up."""
    return dict(sum((Counter(one) for one in told), Counter[str]()))


def keep_own(records: Sequence[Span]) -> int:
    """What a run of ours did. Inside the caller's transaction; what there is no room for is left out."""
    return stored(records)[0]


def may_send(actor: Actor) -> None:
    """Forbidden for those who may speak for no service at all: before anything that they sent is read."""
    if not somewhere(actor, Verb.MEASURE) or (actor.scopes is not None and Verb.MEASURE.value not in actor.scopes):
        require(actor, Verb.MEASURE, SENDER)


def admitted(actor: Actor, records: Sequence[S]) -> tuple[list[S], dict[str, int]]:
    """The records of services that this actor may speak for, and reason → how many others. Forbidden where it is none of those known."""
    may_send(actor)
    teams = dict(Service.objects.filter(slug__in={one.service for one in records}).values_list("slug", "team__slug"))
    subjects = {slug: Subject(team=team, called=f"service {slug}") for slug, team in teams.items()}
    may = {slug for slug, subject in subjects.items() if permitted(actor, Verb.MEASURE, subject)}
    if subjects and not may:
        require(actor, Verb.MEASURE, next(iter(subjects.values())))
    refused: dict[str, int] = {}
    for one in records:
        if one.service not in may:
            why = "there is no such service in the catalogue" if one.service not in teams else "you may not speak for it"
            refused[f"{one.service}: {why}"] = refused.get(f"{one.service}: {why}", 0) + 1
    return [one for one in records if one.service in may], refused


def known(records: Sequence[S]) -> list[S]:
    """Each with the window it names, as far as we know that window. The tag itself stays as it was sent."""
    said = {one.window for one in records if one.window}
    ids = {name: int(found[1]) for name in said if (found := REFERENCE.fullmatch(name))}
    there = set(Window.objects.filter(pk__in=ids.values()).values_list("pk", flat=True)) if ids else set()
    names = {name: f"MW-{pk}" for name, pk in ids.items() if pk in there}
    return [one if names.get(one.window, "") == one.window else replace(one, window=names.get(one.window, "")) for one in records]


def belonging(actor: Actor | None, records: Sequence[S]) -> list[S]:
    """Each with its window only where that touches its service, or a service beside that one in the graph of dependencies, or the actor may
    speak for the window's team (without an actor nobody does); else as if it had named none. The tag itself stays as it was sent. Four
    statements at most."""
    ids = {int(one.window.removeprefix("MW-")) for one in records if one.window}
    if not ids:
        return list(records)
    teams = dict(Window.objects.filter(pk__in=ids).values_list("pk", "team__slug")) if actor else {}
    free = {f"MW-{pk}" for pk, team in teams.items() if actor and permitted(actor, Verb.MEASURE, Subject(team=team))}
    scope = set(WindowScope.objects.filter(window__in=ids).values_list("window", "service__slug"))
    services = {slug for _, slug in scope}
    edges = Dependency.objects.filter(Q(service__slug__in=services) | Q(depends_on__slug__in=services))
    beside: dict[str, set[str]] = {slug: {slug} for slug in services}
    for one, other in edges.values_list("service__slug", "depends_on__slug"):
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    may = {(f"MW-{pk}", near) for pk, slug in scope for near in beside[slug]}
    return [one if not one.window or one.window in free or (one.window, one.service) in may else replace(one, window="") for one in records]


def windows_near(services: set[str], now: datetime) -> list[Around]:
    """The windows of these services that are under way, were a day ago or will be within one. One query, bounded by time."""
    rows = WindowScope.objects.filter(service__slug__in=services, window__status__in=BEGUN)
    rows = rows.filter(window__starts_at__gt=now - LONGEST_RESERVATION - 2 * NEAR, window__starts_at__lt=now + NEAR)
    rows = rows.filter(Q(window__ended_at__isnull=True) | Q(window__ended_at__gt=now - 2 * NEAR))
    names = ("service__slug", "environment", "window__starts_at", "window__started_at", "window__ends_at", "window__ended_at")
    found = []
    for slug, environment, starts_at, started_at, ends_at, ended_at in rows.values_list(*names).distinct():
        open_end = max(ends_at, now) if started_at else ends_at
        found.append(Around(slug, environment, started_at or starts_at, ended_at or open_end))
    return found


@transaction.atomic
def stored(records: Sequence[R]) -> tuple[int, dict[str, int]]:
    """Write what is new and fits; how many, and what there was no room for. Writers of one window queue on its room."""
    if not records:
        return 0, {}
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [sorted({who for one in records for who in rooms(one)})])
        taken = dict(cursor.fetchall())
    there = present(records)
    fresh = list({key(one): one for one in records if key(one) not in there}.values())
    fits, after, refused = fitting(fresh, taken)
    changed = {who: room for who, room in after.items() if room != taken.get(who)}
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(TAKEN, [list(changed), list(changed.values())])
    write(fits)
    return len(fits), refused


def key(one: Span | Line) -> Any:
    return (one.trace_id, one.span_id, one.service) if isinstance(one, Span) else one.digest


def present(records: Sequence[Span | Line]) -> set[Any]:
    """Which of them are stored already."""
    if isinstance(records[0], Span):
        rows = StoredSpan.objects.filter(trace_id__in={one.trace_id for one in records}, span_id__in={key(one)[1] for one in records})
        return set(rows.values_list("trace_id", "span_id", "service"))
    return set(StoredLine.objects.filter(digest__in=[key(one) for one in records]).values_list("digest", flat=True))


def write(records: Sequence[Span | Line]) -> None:
    spans = [StoredSpan(**asdict(one)) for one in records if isinstance(one, Span)]
    lines = [StoredLine(**asdict(one), digest=one.digest) for one in records if isinstance(one, Line)]
    StoredSpan.objects.bulk_create(spans, batch_size=1000, ignore_conflicts=True)
    StoredLine.objects.bulk_create(lines, batch_size=1000, ignore_conflicts=True)
