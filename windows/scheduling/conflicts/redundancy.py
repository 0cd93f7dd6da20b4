"""What stands in for each other: groups with a minimum, and pairs of regions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from windows.scheduling.conflicts.facts import (
    Candidate,
    ConflictFinding,
    ConflictKind,
    Deployed,
    Group,
    Rules,
    Severity,
    moment,
    softened,
)

Together = tuple[tuple[Candidate, ...], int]


def worst(candidate: Candidate, rivals: list[Candidate], count: Callable[[tuple[Candidate, ...]], int]) -> Together:
    """The moment of the candidate's period at which `count` of the rivals there is highest: those rivals, and the count.

    The rivals change only where one begins.
    """
    starts = {candidate.begins} | {other.begins for other in rivals if candidate.begins < other.begins < candidate.ends}
    there = [tuple(other for other in rivals if other.begins <= at < other.ends) for at in sorted(starts)]
    return max(((some, count(some)) for some in there), key=lambda one: one[1])


def names(rivals: Iterable[Candidate]) -> str:
    return ", ".join(sorted({other.reference for other in rivals}))


def apart_from(rivals: Iterable[Candidate]) -> str:
    """One rival fewer is enough: the one that ends first."""
    first = min(rivals, key=lambda other: (other.ends, other.reference))
    return f"Begin after {moment(first.ends)}, when {first.reference} ends."


def with_group(candidate: Candidate, rivals: list[Candidate], group: Group) -> Iterator[ConflictFinding]:
    ours = candidate.deployed & group.members
    if not ours or not candidate.takes_down:
        return
    taking = [other for other in rivals if other.takes_down and other.deployed & group.members]

    def down(some: tuple[Candidate, ...]) -> int:
        return len(ours.union(*(other.deployed & group.members for other in some)))

    together, count = worst(candidate, taking, down)
    left = len(group.members) - count
    if left >= group.minimum:
        return
    what = f"{group.name}: {spoken(ours)}"
    if len(group.members) - len(ours) < group.minimum:
        why = (
            f"This window alone leaves {len(group.members) - len(ours)} of {len(group.members)} of {group.name}; {group.minimum} must stay."
        )
        resolve = "Split it: one part of the group after the other."
        yield ConflictFinding(ConflictKind.REDUNDANCY, Severity.SOFT, what, "this window itself", why, resolve)
    if together and count > len(ours):
        who = names(together)
        why = f"With {who} only {left} of {len(group.members)} of {group.name} would be left then; {group.minimum} must stay."
        severity = softened(candidate, Severity.HARD)
        yield ConflictFinding(ConflictKind.REDUNDANCY, severity, what, who, why, apart_from(together))


def with_pairs(candidate: Candidate, rivals: list[Candidate], rules: Rules) -> Iterator[ConflictFinding]:
    if not candidate.takes_down:
        return
    met: set[frozenset[Deployed]] = set()
    for service, environment, region in sorted(candidate.deployed):
        for pair in sorted(rules.pairs, key=sorted):
            if region not in pair:
                continue
            (partner,) = pair - {region}
            other_place = (service, environment, partner)
            what = f"{service} in {environment}/{region}"
            if other_place in candidate.deployed:
                both = frozenset({(service, environment, region), other_place})
                if both not in met:
                    met.add(both)
                    why = f"{region} and {partner} must never be down together, and this window takes {service} in both."
                    resolve = "Split it: one region after the other."
                    yield ConflictFinding(ConflictKind.REGION_PAIR, Severity.SOFT, what, "this window itself", why, resolve)
                continue
            for other in rivals:
                if other.takes_down and other_place in other.deployed:
                    why = f"{region} and {partner} must never be down together, and {other.reference} works on {service} in {partner} then."
                    severity = softened(candidate, Severity.HARD)
                    yield ConflictFinding(ConflictKind.REGION_PAIR, severity, what, other.reference, why, apart_from([other]))


def spoken(places: Iterable[Deployed]) -> str:
    return ", ".join(f"{service} in {environment}/{region}" for service, environment, region in sorted(places))
