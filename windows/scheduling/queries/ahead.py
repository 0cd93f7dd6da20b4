"""What stands in the way over a long time, read once: for many occurrences or many free slots, judged one by one without a query."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from windows.access.roles import Actor
from windows.scheduling import conflicts
from windows.scheduling.conflicts import Candidate, ConflictFinding, External, FreezeFacts, Load
from windows.scheduling.models import LONGEST_RESERVATION
from windows.scheduling.queries.conflicts import externals, rivals, with_on_call
from windows.scheduling.queries.freezes import FreezeView, freezes
from windows.scheduling.queries.loads import loads
from windows.scheduling.queries.surroundings import Surroundings, surroundings


@dataclass(frozen=True, slots=True)
class Ahead:
    """Everything around a scope in a period. `others` by begin; what is running is among the first."""

    near: Surroundings
    others: list[Candidate]
    begins: list[datetime]
    longest: timedelta
    frozen: list[FreezeFacts]
    outside: list[External]
    loads: list[Load]
    now: datetime

    def conflicts(self, candidate: Candidate) -> list[ConflictFinding]:
        """As `conflicts_with`, for a window inside the period with the scope and the people that were asked for."""
        first = bisect_left(self.begins, candidate.begins - self.longest)
        last = bisect_left(self.begins, candidate.ends)
        near = [other for other in self.others[first:last] if other.ends > candidate.begins or other.running]
        frozen = [freeze for freeze in self.frozen if freeze.begins < candidate.ends and candidate.begins < freeze.ends]
        outside = [one for one in self.outside if one.begins < candidate.ends and candidate.begins < one.ends]
        return conflicts.find(
            with_on_call(candidate, self.near.duty),
            near,
            frozen,
            self.near.needs,
            self.now,
            rules=self.near.rules,
            externals=outside,
            loads=self.loads,
        )

    def with_moved(self, window: Candidate) -> Ahead:
        """The same, where this window lies at this time and no longer where it was."""
        others = [other for other in self.others if other.reference != window.reference]
        others.append(with_on_call(window, self.near.duty))
        others.sort(key=lambda other: other.begins)
        touched = {place.service for place in window.places}
        loads = [load.with_moved(window) if load.service in touched else load for load in self.loads]
        return replace(self, others=others, begins=[other.begins for other in others], loads=loads)


def ahead(
    candidate: Candidate,
    since: datetime,
    until: datetime,
    now: datetime,
    *,
    viewer: Actor | None,
    exclude: int | None = None,
    people: Collection[int] = (),
    frozen: Collection[FreezeView] | None = None,
) -> Ahead:
    """Read what surrounds the candidate's scope and people (and further `people`) in a period: as many queries as `conflicts_with` asks
    for one moment. `frozen` are the freezes of the period, where the caller has them."""
    named = {*people, *(one[0] for one in (candidate.coordinator, candidate.deputy, candidate.owner) if one)}
    near = surroundings((place.service for place in candidate.places), (place.team for place in candidate.places), named, (since, until))
    wide = with_on_call(replace(candidate, begins=since, ends=until), near.duty)
    wanted = {*named, *(one[0] for one in wide.on_call)}
    others = [with_on_call(other, near.duty) for other in rivals(wide, near.service_ids, wanted, exclude, viewer)]
    others.sort(key=lambda other: other.begins)
    longest = max((other.ends - other.begins for other in others), default=timedelta(0))
    return Ahead(
        near,
        others,
        [other.begins for other in others],
        max(longest, LONGEST_RESERVATION),
        [freeze.facts for freeze in (freezes(since, until) if frozen is None else frozen)],
        externals(since, until, near.slugs),
        loads({place.service for place in candidate.places}, since, until, exclude),
        now,
    )
