"""Which soft conflicts are accepted: by two people, for these very facts, for a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from windows.scheduling.conflicts.facts import ConflictFinding, Severity


class OverrideState(StrEnum):
    ASKED = "asked"  # a reason is given, the second person has not agreed
    AGREED = "agreed"
    REFUSED = "refused"  # the second person said no, and why
    LAPSED = "lapsed"  # the facts are others now
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An override as it was asked for: the finding's key, and the window's period then."""

    key: str
    begins: datetime
    ends: datetime
    agreed: bool
    expires_at: datetime
    refused: bool = False


def state_of(override: Accepted, begins: datetime, ends: datetime, keys: Collection[str], now: datetime) -> OverrideState:
    """What an override is worth for a window of this period that has findings of these keys."""
    if override.key not in keys or (override.begins, override.ends) != (begins, ends):
        return OverrideState.LAPSED
    if override.refused:
        return OverrideState.REFUSED
    if override.expires_at <= now:
        return OverrideState.EXPIRED
    return OverrideState.AGREED if override.agreed else OverrideState.ASKED


def unanswered(
    findings: Iterable[ConflictFinding], overrides: Iterable[Accepted], begins: datetime, ends: datetime, now: datetime
) -> tuple[list[ConflictFinding], list[ConflictFinding]]:
    """Of the soft findings: those without a reason, or whose reason was refused, and those that wait for the second person."""
    soft = [finding for finding in findings if finding.severity is Severity.SOFT]
    keys = {finding.key for finding in soft}
    states = {override.key: state_of(override, begins, ends, keys, now) for override in overrides}
    unasked = [one for one in soft if states.get(one.key) not in {OverrideState.ASKED, OverrideState.AGREED}]
    return unasked, [one for one in soft if states.get(one.key) is OverrideState.ASKED]
