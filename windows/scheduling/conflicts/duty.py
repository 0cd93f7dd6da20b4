"""Who alone is on call while a window lies: by the shifts of an on-call calendar where there are any, else by the role."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from windows.scheduling.conflicts.facts import Named


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody is on call in [begins, ends)."""

    begins: datetime
    ends: datetime
    person: Named


@dataclass(frozen=True, slots=True)
class Duty:
    """By a team's slug: who alone has the role, and the shifts that its services' calendars name."""

    by_role: Mapping[str, Named] = field(default_factory=dict)
    shifts: Mapping[str, Sequence[Shift]] = field(default_factory=dict)

    def alone(self, teams: Collection[str], begins: datetime, ends: datetime) -> frozenset[Named]:
        """Those who at some moment of [begins, ends) are the only one on call for one of the teams. As for pages, the role counts
        where no shift does."""
        found: set[Named] = set()
        for team in teams:
            near = [one for one in self.shifts.get(team, ()) if one.begins < ends and begins < one.ends]
            turns = {begins} | {at for one in near for at in (one.begins, one.ends) if begins < at < ends}
            for at in turns:
                there = {one.person for one in near if one.begins <= at < one.ends}
                by_role = self.by_role.get(team)
                if len(there) == 1:
                    found |= there
                elif not there and by_role is not None:
                    found.add(by_role)
        return frozenset(found)
