"""A service whose windows come more often than its budget allows, or follow failed ones: a reliability problem, and shown as one (X17)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from windows.scheduling.conflicts.facts import Candidate, ConflictFinding, ConflictKind, Severity, moment, softened

AFTER = timedelta(days=14)  # a window that begins so soon after a failed one follows it


@dataclass(frozen=True, slots=True)
class Counted:
    """One window of a service that counts: asked for, approved, running or ended after it ran. `ended_at` only where it failed or was
    rolled back; `asked_at` is when it was first asked for."""

    reference: str
    name: str  # as it may be told
    begins: datetime
    ended_at: datetime | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """A service's windows around a time, and how many a month (UTC) its policy allows; None: no budget is set."""

    service: str
    at_most: int | None
    severity: str
    counted: tuple[Counted, ...]

    def with_moved(self, window: Candidate) -> Load:
        """The same, where this window begins at another time."""
        others = tuple(one for one in self.counted if one.reference != window.reference)
        return replace(self, counted=(*others, Counted(window.reference, window.reference, window.begins, asked_at=window.asked_at)))


def month_of(at: datetime) -> tuple[int, int]:
    return at.year, at.month


def with_load(candidate: Candidate, loads: Iterable[Load]) -> Iterator[ConflictFinding]:
    """The budget of each service touched, and the failed windows that this one follows. Who asked first has the place: what is asked
    for later never takes an earlier window over its budget."""
    touched = {place.service for place in candidate.places}
    for load in loads:
        if load.service not in touched:
            continue
        others = [one for one in load.counted if one.reference != candidate.reference]
        number = 1 + sum(month_of(one.begins) == month_of(candidate.begins) and came_before(one, candidate) for one in others)
        if load.at_most is not None and number > load.at_most:
            why = (
                f"This would be window {number} of {load.service} in {candidate.begins:%B %Y}; its budget is {load.at_most} a month. "
                "A service that needs more is a reliability problem."
            )
            resolve = "Do it together with another window of this month, or in another month."
            yield ConflictFinding(
                ConflictKind.TOO_MANY,
                softened(candidate, Severity(load.severity)),
                load.service,
                f"the budget of {load.service}",
                why,
                resolve,
            )
        for one in others:
            if one.ended_at is not None and one.ended_at <= candidate.begins < one.ended_at + AFTER:
                why = f"{one.name} on {load.service} did not succeed and ended {moment(one.ended_at)}; this one follows it."
                yield ConflictFinding(
                    ConflictKind.TOO_MANY, Severity.ADVISORY, load.service, one.name, why, "Make sure that its cause is known and mended."
                )


def came_before(one: Counted, candidate: Candidate) -> bool:
    return candidate.asked_at is None or one.asked_at is None or one.asked_at <= candidate.asked_at
