"""The windows ahead whose conflicts an act may have changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from windows.audit.queries import TrailEntry
from windows.errors import NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling.concerns import Concern, concern_of, periods_before
from windows.scheduling.conflicts import Candidate, ConflictKind
from windows.scheduling.models import Collision, ExternalWindow, Freeze, Window
from windows.scheduling.queries.candidates import candidate_of
from windows.scheduling.queries.conflicts import rivals, with_on_call
from windows.scheduling.queries.surroundings import surroundings
from windows.scheduling.queries.windows import window_id_of

WAITING = [WindowStatus.REQUESTED.value, WindowStatus.APPROVED.value]
BY_RIVALS = [kind.value for kind in (ConflictKind.SCOPE, ConflictKind.DEPENDENCY, ConflictKind.PERSON, ConflictKind.REDUNDANCY,
                                     ConflictKind.REGION_PAIR, ConflictKind.LIMIT, ConflictKind.TOO_MANY)]  # fmt: skip


def windows_ahead(now: datetime) -> QuerySet[Window]:
    """Those that wait for approval or for their start."""
    return Window.objects.filter(status__in=WAITING, ends_at__gt=now)


def concerned(entry: TrailEntry, now: datetime) -> QuerySet[Window] | None:
    """The windows ahead that an entry of the trail concerns; None where it is no act that changes conflicts. What already stood in the
    way by the same kind of thing is always among them: it may be gone."""
    match concern_of(entry.kind):
        case None:
            return None
        case Concern.RIVALS:
            return windows_ahead(now).filter(pk__in=near(window_id_of(entry.window), entry))
        case Concern.FREEZE:
            frozen = Freeze.objects.filter(Q(pk=number_in(entry.subject)) | Q(series__occurrences=number_in(entry.subject)))
            return met(windows_ahead(now), Exists(overlapping(frozen)), ConflictKind.FREEZE)
        case Concern.PROVIDER:
            until, since = datetime.fromisoformat(entry.data["ends_at"]), datetime.fromisoformat(entry.data["starts_at"])
            return met(windows_ahead(now), Q(starts_at__lt=until, ends_at__gt=since), ConflictKind.EXTERNAL)
        case Concern.MAPPING:
            announced = ExternalWindow.objects.filter(provider=entry.data["provider"])
            return met(windows_ahead(now), Exists(overlapping(announced)), ConflictKind.EXTERNAL)
        case Concern.SERVICE:
            named = [entry.subject.removeprefix("service:"), *([entry.data["depends_on"]] if "depends_on" in entry.data else [])]
            around = surroundings(named, [], [])
            return met(windows_ahead(now), Q(scopes__service__in=around.service_ids), ConflictKind.DEPENDENCY)
        case Concern.RULES:
            return windows_ahead(now)


def met(windows: QuerySet[Window], how: Q | Exists, kind: ConflictKind) -> QuerySet[Window]:
    known = Collision.objects.filter(window=OuterRef("pk"), kind=kind.value)
    return windows.filter(Q(how) | Exists(known)).distinct()


def overlapping(rows: QuerySet[Freeze] | QuerySet[ExternalWindow]) -> QuerySet[Freeze] | QuerySet[ExternalWindow]:
    return rows.filter(starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at"))


def number_in(subject: str) -> int:
    return int(subject.rpartition(":")[2])


def near(window_id: int, entry: TrailEntry) -> set[int]:
    """The window itself, what lies near it now or lay near it before it was moved, and what it is known to stand in the way of."""
    told = Collision.objects.filter(kind__in=BY_RIVALS).filter(Q(who__contains=f"MW-{window_id}") | Q(who__contains="confidential"))
    found = {window_id, *told.values_list("window", flat=True)}
    try:
        window = candidate_of(window_id)
    except NotFound:
        return found
    found |= around(window)
    if before := periods_before(entry.data):
        found |= around(replace(window, begins=before[0], ends=before[1]))
    return found


def around(window: Candidate) -> set[int]:
    people = {one[0] for one in (window.coordinator, window.deputy, window.owner) if one}
    teams = {one.team for one in window.places}
    place = surroundings((one.service for one in window.places), teams, people, (window.begins, window.ends))
    people |= {one[0] for one in with_on_call(window, place.duty).on_call}
    return {other.id for other in rivals(window, place.service_ids, people, window.id, None) if other.id is not None}
