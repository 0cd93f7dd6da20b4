"""Every conflict of one window, asked for in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from windows.scheduling.conflicts.closed import with_external, with_freeze
from windows.scheduling.conflicts.facts import Candidate, ConflictFinding, External, FreezeFacts, Needs, Rules, Severity, key_of, overlap
from windows.scheduling.conflicts.limits import with_limit
from windows.scheduling.conflicts.paths import DEPTH, neighbours
from windows.scheduling.conflicts.redundancy import with_group, with_pairs
from windows.scheduling.conflicts.rivals import with_window
from windows.scheduling.conflicts.too_many import Load, with_load

OVERRUN = timedelta(minutes=10)  # what runs on after its end is taken to last so much longer, from every moment anew
NONE = Rules()


def find(
    candidate: Candidate,
    others: Iterable[Candidate],
    freezes: Iterable[FreezeFacts],
    dependencies: Needs,
    now: datetime,
    *,
    depth: int = DEPTH,
    rules: Rules = NONE,
    externals: Iterable[External] = (),
    loads: Iterable[Load] = (),
) -> list[ConflictFinding]:
    """Every conflict of the candidate, the gravest first. What ended before `now` is past and stands in nobody's way; what is running
    has not ended, whatever was planned."""
    paths = neighbours({place.service for place in candidate.places}, dependencies, depth)
    lasting_on = [lasting(other, now) for other in others if not is_same(other, candidate)]
    rivals = [other for other in lasting_on if overlap(candidate, other) and other.ends > now]
    found: list[ConflictFinding] = []
    for other in rivals:
        found += keyed(with_window(candidate, other, paths, now), *(other.planned or (other.begins, other.ends)))
    for group in rules.groups:
        found += keyed(with_group(candidate, rivals, group), group.minimum)
    found += keyed(with_pairs(candidate, rivals, rules))
    for limit in rules.limits:
        found += keyed(with_limit(candidate, rivals, limit), limit.at_most)
    for freeze in freezes:
        if candidate.begins < freeze.ends and freeze.begins < candidate.ends and freeze.ends > now:
            found += keyed(with_freeze(candidate, freeze, now), freeze.begins, freeze.ends)
    for external in externals:
        if candidate.begins < external.ends and external.begins < candidate.ends and external.ends > now:
            found += keyed(with_external(candidate, external, paths, now), external.begins, external.ends)
    found += keyed(with_load(candidate, loads), candidate.begins.year, candidate.begins.month)
    gravity = list(Severity)
    return sorted(found, key=lambda finding: (gravity.index(finding.severity), finding.kind, finding.who, finding.what))


def is_same(one: Candidate, other: Candidate) -> bool:
    return one.reference == other.reference or (one.id is not None and one.id == other.id)


def keyed(found: Iterator[ConflictFinding], *facts: object) -> list[ConflictFinding]:
    return [replace(finding, key=key_of(finding, *facts)) for finding in found]


def lasting(other: Candidate, now: datetime) -> Candidate:
    return replace(other, ends=max(other.ends, now + OVERRUN)) if other.running else other
