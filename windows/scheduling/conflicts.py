"""What stands in the way of a window, and why. Pure: the same question when typing, at submission, at approval and at start.

Hard refuses, soft needs a reason that is recorded, advisory is shown. An emergency is never refused: it holds the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Severity(StrEnum):
    HARD = "hard"
    SOFT = "soft"
    ADVISORY = "advisory"


class ConflictKind(StrEnum):
    SCOPE = "scope"  # the same service, environment and region at the same time
    DEPENDENCY = "dependency"
    PERSON = "person"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window works. `team` owns the service."""

    service: str
    environment: str
    region: str
    team: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A window as conflicts see it. `begins`, `ends` are what it keeps for itself; people are (person id, name)."""

    reference: str
    begins: datetime
    ends: datetime
    places: frozenset[Place]
    coordinator: tuple[int, str] | None = None
    deputy: tuple[int, str] | None = None
    emergency: bool = False
    running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeFacts:
    """A change freeze; an empty set means any."""

    title: str
    begins: datetime
    ends: datetime
    severity: str
    id: int | None = None  # None: it is only thought of
    services: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ConflictFinding:
    """One thing in the way: what of ours it meets, with whom, why, and what would resolve it."""

    kind: ConflictKind
    severity: Severity
    what: str
    who: str
    why: str
    resolve: str
    freeze: int | None = None  # its id: titles repeat


Needs = Mapping[str, frozenset[str]]  # service → what it depends on
DEPTH = 2
OVERRUN = timedelta(minutes=10)  # what runs on after its end is taken to last so much longer, from every moment anew


def find(
    candidate: Candidate,
    others: Iterable[Candidate],
    freezes: Iterable[FreezeFacts],
    dependencies: Needs,
    now: datetime,
    *,
    depth: int = DEPTH,
) -> list[ConflictFinding]:
    """Every conflict of the candidate, the gravest first. What ended before `now` is past and stands in nobody's way; what is running
    has not ended, whatever was planned."""
    paths = neighbours({place.service for place in candidate.places}, dependencies, depth)
    found: list[ConflictFinding] = []
    for other in (lasting(other, now) for other in others):
        if other.reference != candidate.reference and overlap(candidate, other) and other.ends > now:
            found += with_window(candidate, other, paths)
    for freeze in freezes:
        if candidate.begins < freeze.ends and freeze.begins < candidate.ends and freeze.ends > now:
            found += with_freeze(candidate, freeze)
    gravity = list(Severity)
    return sorted(found, key=lambda finding: (gravity.index(finding.severity), finding.kind, finding.who, finding.what))


def lasting(other: Candidate, now: datetime) -> Candidate:
    return replace(other, ends=max(other.ends, now + OVERRUN)) if other.running else other


def overlap(one: Candidate, other: Candidate) -> bool:
    return one.begins < other.ends and other.begins < one.ends


def with_window(candidate: Candidate, other: Candidate, paths: Mapping[str, tuple[str, ...]]) -> Iterator[ConflictFinding]:
    """Shared scope, else a dependency; and shared people."""
    theirs = {(place.service, place.environment, place.region) for place in other.places}
    shared = sorted((p.service, p.environment, p.region) for p in candidate.places if (p.service, p.environment, p.region) in theirs)
    apart = f"Begin after {clock(other.ends)}, when {other.reference} ends, or end before {clock(other.begins)}."
    if shared:
        service, environment, region = shared[0]
        more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
        exclusive = not (candidate.emergency or other.emergency)
        why = (
            f"{other.reference} works on the same service from {clock(other.begins)} to {clock(other.ends)}."
            if exclusive
            else f"{other.reference} works on the same service then; an emergency goes first and the other run is held."
        )
        severity = Severity.HARD if exclusive else Severity.SOFT
        yield ConflictFinding(ConflictKind.SCOPE, severity, f"{service} in {environment}/{region}{more}", other.reference, why, apart)
    else:
        yield from through_dependencies(candidate, other, paths, apart)
    yield from through_people(candidate, other, apart)


def through_dependencies(
    candidate: Candidate, other: Candidate, paths: Mapping[str, tuple[str, ...]], apart: str
) -> Iterator[ConflictFinding]:
    environments = {place.environment for place in candidate.places}
    for service in sorted({place.service for place in other.places if place.environment in environments and place.service in paths}):
        path = paths[service]
        why = f"{path[0]} {', which '.join(path[1:])}, and {service} is under {other.reference} then."
        yield ConflictFinding(ConflictKind.DEPENDENCY, Severity.SOFT, path[0], other.reference, why, apart)


def through_people(candidate: Candidate, other: Candidate, apart: str) -> Iterator[ConflictFinding]:
    ours = {person: role for role, person in (("deputy", candidate.deputy), ("coordinator", candidate.coordinator)) if person}
    theirs = {person: role for role, person in (("deputy", other.deputy), ("coordinator", other.coordinator)) if person}
    for person, role in sorted(ours.items()):
        if person not in theirs:
            continue
        both = role == theirs[person] == "coordinator"
        why = f"{person[1]} is {role} here and {theirs[person]} of {other.reference} at the same time."
        severity = Severity.SOFT if both else Severity.ADVISORY
        yield ConflictFinding(ConflictKind.PERSON, severity, person[1], other.reference, why, f"Name another {role}. {apart}")


def with_freeze(candidate: Candidate, freeze: FreezeFacts) -> Iterator[ConflictFinding]:
    met = covered(freeze, candidate.places)
    if not met:
        return
    severity = Severity(freeze.severity)
    if candidate.emergency and severity is Severity.HARD:
        severity = Severity.SOFT
    services = ", ".join(sorted({place.service for place in met}))
    why = f"Changes are frozen from {clock(freeze.begins)} to {clock(freeze.ends)}."
    resolve = f"Begin after {clock(freeze.ends)} or end before {clock(freeze.begins)}."
    yield ConflictFinding(ConflictKind.FREEZE, severity, services, freeze.title, why, resolve, freeze.id)


def covered(freeze: FreezeFacts, places: Iterable[Place]) -> list[Place]:
    """The places that a freeze covers."""
    return [
        place
        for place in places
        if (not freeze.services or place.service in freeze.services)
        and (not freeze.teams or place.team in freeze.teams)
        and (not freeze.environments or place.environment in freeze.environments)
    ]


def neighbours(services: set[str], needs: Needs, depth: int) -> dict[str, tuple[str, ...]]:
    """Every service within `depth` dependencies up or down, with the way there: ("orders", "needs payments", "needs bank").

    A way goes only up or only down: two services that need the same third do not disturb each other. Cycles end.
    """
    needed_by: dict[str, set[str]] = {}
    for service, wanted in needs.items():
        for other in wanted:
            needed_by.setdefault(other, set()).add(service)
    found: dict[str, tuple[str, ...]] = {}
    for graph, verb in ((needs, "needs"), (needed_by, "is needed by")):
        queue: deque[tuple[str, tuple[str, ...]]] = deque((service, (service,)) for service in sorted(services))
        seen = set(services)
        while queue:
            service, path = queue.popleft()
            if len(path) > depth:
                continue
            for other in sorted(graph.get(service, ())):
                if other not in seen:
                    seen.add(other)
                    way = (*path, f"{verb} {other}")
                    found.setdefault(other, way)
                    queue.append((other, way))
    return found


def clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
