"""More windows at once than a policy allows."""

from __future__ import annotations

from collections.abc import Iterator

from windows.scheduling.conflicts.facts import Candidate, ConflictFinding, ConflictKind, Limit, Severity, softened
from windows.scheduling.conflicts.redundancy import apart_from, names, worst


def with_limit(candidate: Candidate, rivals: list[Candidate], limit: Limit) -> Iterator[ConflictFinding]:
    if not falls_under(limit, candidate):
        return
    counted = [other for other in rivals if falls_under(limit, other)]
    together, most = worst(candidate, counted, len)
    if most < limit.at_most:
        return
    who = names(together)
    why = f"“{limit.title}” allows {limit.at_most} at once, and {most} are there then: {who}."
    severity = softened(candidate, Severity(limit.severity))
    yield ConflictFinding(ConflictKind.LIMIT, severity, limit.title, who, why, apart_from(together))


def falls_under(limit: Limit, window: Candidate) -> bool:
    return any(
        (not limit.team or place.team == limit.team)
        and (not limit.platform or place.service in limit.platform)
        and (not limit.environment or place.environment == limit.environment)
        for place in window.places
    )
