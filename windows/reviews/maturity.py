"""How mature a team's maintenance is, from evidence (SPEC §22). Pure: what was counted in, the level and its reasons out.

A level is reached when every sign of it and of those below is there. What no record can tell is said to be unknown and is not counted;
what could be known and is not yet, is not reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from windows.lifecycle.words import counted


class Level(StrEnum):
    UNKNOWN = "unknown"  # no window of the team ran
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is on record of one team in some weeks. `rehearsed`: game days whose rollback was carried out; `went_back_alone`: rollbacks,
    rehearsed ones too, that the engine began and finished; `budget_checks`: runs whose error budget was judged before the start."""

    team: str
    name: str
    ran: int = 0
    with_runbook: int = 0
    tagged: int | None = None  # None: nothing was measured
    expected_tags: int | None = None
    rehearsed: int = 0
    declares_alerts: int = 0
    under_policy: int = 0
    went_back_alone: int = 0
    budget_checks: int = 0
    overrides: int = 0


@dataclass(frozen=True, slots=True)
class Sign:
    """`is_met` None: not known. `counts` is False where no record could tell."""

    level: Level
    title: str
    is_met: bool | None
    said: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Maturity:
    team: str
    name: str
    level: Level
    signs: Sequence[Sign]

    @property
    def missing(self) -> Sequence[Sign]:
        """What keeps the team from the next level."""
        lacking = [one for one in self.signs if one.counts and not one.is_met]
        return [one for one in lacking if one.level is lacking[0].level]


def maturity(seen: Evidence) -> Maturity:
    if not seen.ran:
        return Maturity(seen.team, seen.name, Level.UNKNOWN, ())
    found = signs(seen)
    level = Level.BEGINNER
    for step in (Level.INTERMEDIATE, Level.ADVANCED):
        if not all(one.is_met for one in found if one.level is step and one.counts):
            break
        level = step
    return Maturity(seen.team, seen.name, level, found)


def signs(seen: Evidence) -> list[Sign]:
    return [
        tags(seen),
        Sign(Level.INTERMEDIATE, "Scripted rollback, rehearsed", seen.rehearsed > 0,
             f"{counted(seen.rehearsed, 'game day')} with a rollback"),
        Sign(Level.INTERMEDIATE, "Expected alerts routed", seen.declares_alerts > 0,
             f"{seen.declares_alerts} of {counted(seen.ran, 'window')} say which alerts they expect"),
        Sign(Level.ADVANCED, "Policies decide", seen.under_policy >= seen.ran,
             f"{seen.under_policy} of {counted(seen.ran, 'window')} under a policy"),
        Sign(Level.ADVANCED, "Automatic rollback proved", seen.went_back_alone > 0,
             f"{counted(seen.went_back_alone, 'rollback')} begun and finished by the engine"),
        Sign(Level.ADVANCED, "Budget gates on", seen.budget_checks >= seen.ran,
             f"the error budget was judged before {seen.budget_checks} of {counted(seen.ran, 'window')}"),
        Sign(Level.ADVANCED, "Scheduled without collisions", seen.overrides == 0,
             f"{counted(seen.overrides, 'conflict')} accepted in spite of it" if seen.overrides else "no conflict was accepted"),
        Sign(Level.ADVANCED, "Advice used", None, "what the decision aid is asked is not kept", counts=False),
    ]  # fmt: skip


def tags(seen: Evidence) -> Sign:
    title = "Tags set by automation"
    if not seen.with_runbook:
        return Sign(Level.INTERMEDIATE, title, False, "every window was manual")
    if not seen.expected_tags or seen.tagged is None:
        return Sign(Level.INTERMEDIATE, title, None, "no event of a critical objective was measured inside a window")
    said = f"{seen.tagged:,} of {seen.expected_tags:,} events carry the window's tag"
    return Sign(Level.INTERMEDIATE, title, seen.tagged >= seen.expected_tags, said)
