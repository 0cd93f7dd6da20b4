"""How long approvals take, from the asking to the last signature. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

LOOKS_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Of one team: how many requests were approved, the median of what they took, and the longest."""

    team: str
    name: str
    count: int
    median: timedelta
    longest: timedelta


def by_team(rows: Iterable[tuple[str, str, datetime, datetime | None]]) -> list[LeadTime]:
    """`rows` are (team, its name, asked at, approved at or None); the slowest team first."""
    took: dict[tuple[str, str], list[timedelta]] = {}
    for team, name, asked_at, approved_at in rows:
        if approved_at is not None:
            took.setdefault((team, name), []).append(max(approved_at - asked_at, timedelta()))
    found = [LeadTime(team, name, len(all_), middle(all_), max(all_)) for (team, name), all_ in took.items()]
    return sorted(found, key=lambda one: (-one.median, one.name))


def middle(took: list[timedelta]) -> timedelta:
    return timedelta(seconds=median(one.total_seconds() for one in took))
