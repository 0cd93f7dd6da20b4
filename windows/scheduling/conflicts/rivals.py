"""Another window at the same time: on the same service, on what it needs or is needed by, with the same people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from windows.scheduling.conflicts.facts import Candidate, ConflictFinding, ConflictKind, Named, Severity, apart, moment
from windows.scheduling.conflicts.paths import Paths, told


def with_window(candidate: Candidate, other: Candidate, paths: Paths, now: datetime) -> Iterator[ConflictFinding]:
    """Shared scope, else a dependency; and shared people."""
    shared = sorted(candidate.deployed & other.deployed)
    resolve = apart(candidate, other.begins, other.ends, now, f", when {other.reference} ends")
    if shared:
        service, environment, region = shared[0]
        more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
        exclusive = not (candidate.emergency or other.emergency)
        why = (
            f"{other.reference} works on the same service from {moment(other.begins)} to {moment(other.ends)}."
            if exclusive
            else f"{other.reference} works on the same service then; an emergency goes first and the other run is held."
        )
        severity = Severity.HARD if exclusive else Severity.SOFT
        yield ConflictFinding(ConflictKind.SCOPE, severity, f"{service} in {environment}/{region}{more}", other.reference, why, resolve)
    else:
        yield from through_dependencies(candidate, other, paths, resolve)
    yield from through_people(candidate, other, resolve)


def through_dependencies(candidate: Candidate, other: Candidate, paths: Paths, resolve: str) -> Iterator[ConflictFinding]:
    environments = {place.environment for place in candidate.places}
    for service in sorted({place.service for place in other.places if place.environment in environments and place.service in paths}):
        path = paths[service]
        why = f"{told(path)}, and {service} is under {other.reference} then."
        yield ConflictFinding(ConflictKind.DEPENDENCY, Severity.SOFT, path[0], other.reference, why, resolve)


def through_people(candidate: Candidate, other: Candidate, at_another_time: str) -> Iterator[ConflictFinding]:
    """Two windows cannot be coordinated by one person; whoever else is wanted twice is only pointed out."""
    ours, theirs = roles_in(candidate), roles_in(other)
    for person, role in sorted(ours.items()):
        if person not in theirs:
            continue
        both = role == theirs[person] == "coordinator"
        why = f"{person[1]} is {role} here and {theirs[person]} of {other.reference} at the same time."
        severity = Severity.SOFT if both else Severity.ADVISORY
        resolve = f"Put a second person on call. {at_another_time}" if role == "on call" else f"Name another {role}. {at_another_time}"
        yield ConflictFinding(ConflictKind.PERSON, severity, person[1], other.reference, why, resolve)


def roles_in(window: Candidate) -> dict[Named, str]:
    """What each person is to the window: of several parts the one that binds most."""
    parts: dict[Named, str] = dict.fromkeys(window.on_call, "on call")
    parts |= {person: role for role, person in (("owner", window.owner), ("deputy", window.deputy)) if person}
    return parts | ({window.coordinator: "coordinator"} if window.coordinator else {})
