"""Times that others have closed: change freezes and providers' maintenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from windows.scheduling.conflicts.facts import (
    Candidate,
    ConflictFinding,
    ConflictKind,
    External,
    FreezeFacts,
    Place,
    Severity,
    apart,
    moment,
    softened,
)
from windows.scheduling.conflicts.paths import Paths, told

HARMLESS = "no_impact"


def with_freeze(candidate: Candidate, freeze: FreezeFacts, now: datetime) -> Iterator[ConflictFinding]:
    met = [] if candidate.reference in freeze.excepted_windows else covered(freeze, candidate.places)
    if not met:
        return
    severity = softened(candidate, Severity(freeze.severity))
    services = ", ".join(sorted({place.service for place in met}))
    why = f"Changes are frozen from {moment(freeze.begins)} to {moment(freeze.ends)}."
    resolve = apart(candidate, freeze.begins, freeze.ends, now)
    yield ConflictFinding(ConflictKind.FREEZE, severity, services, freeze.title, why, resolve, freeze.id)


def covered(freeze: FreezeFacts, places: Iterable[Place]) -> list[Place]:
    """The places that a freeze covers. A team that is excepted is bound nowhere."""
    return [
        place
        for place in places
        if (not freeze.services or place.service in freeze.services)
        and (not freeze.teams or place.team in freeze.teams)
        and (not freeze.environments or place.environment in freeze.environments)
        and (not freeze.tiers or place.tier in freeze.tiers)
        and place.team not in freeze.excepted_teams
    ]


def with_external(candidate: Candidate, external: External, paths: Paths, now: datetime) -> Iterator[ConflictFinding]:
    """Soft where the provider works on our very place or on what it needs; only pointed out where no impact is announced."""
    called = f"{external.provider}: {external.title}"
    span = f"{moment(external.begins)} to {moment(external.ends)}"
    resolve = apart(candidate, external.begins, external.ends, now, ", when it ends")
    severity = Severity.ADVISORY if external.impact == HARMLESS else Severity.SOFT
    met = [place for place in sorted(candidate.deployed) if any(rests(place, mapped) for mapped in external.places)]
    if met:
        service, environment, region = met[0]
        why = f"{external.provider} works on what {service} rests on from {span} (impact: {external.impact.replace('_', ' ')})."
        yield ConflictFinding(ConflictKind.EXTERNAL, severity, f"{service} in {environment}/{region}", called, why, resolve)
        return
    environments = {place.environment for place in candidate.places}
    for mapped in sorted(external.places):
        if mapped[0] in paths and (not mapped[1] or mapped[1] in environments):
            path = paths[mapped[0]]
            why = f"{told(path)}, and {external.provider} works on what {mapped[0]} rests on from {span}."
            yield ConflictFinding(ConflictKind.EXTERNAL, severity, path[0], called, why, resolve)
            return


def rests(place: tuple[str, str, str], mapped: tuple[str, str, str]) -> bool:
    return all(not wanted or have == wanted for have, wanted in zip(place, mapped, strict=True))
