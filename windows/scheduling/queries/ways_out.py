"""Each conflict of a window with what can be done about it: whom to ask, what was asked already, who went ahead in spite of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from windows.access.roles import Actor
from windows.scheduling.conflicts import ConflictFinding, ConflictKind, Severity
from windows.scheduling.conflicts.overriding import OverrideState
from windows.scheduling.models import Window
from windows.scheduling.queries.moves import STILL_MOVABLE, MoveView, asked_by_window
from windows.scheduling.queries.overrides import RIVAL, OverrideView

SHOWN = 8  # rivals of one conflict
ANSWERED = {OverrideState.ASKED, OverrideState.AGREED}
OF_OTHERS = {ConflictKind.FREEZE, ConflictKind.EXTERNAL}  # named by people, by whatever title: a reference in it names nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Another window in the way. `movable`: it can still be asked to move; `asked`: what became of our newest question, if any."""

    reference: str
    title: str
    status: str
    team: str
    movable: bool
    asked: MoveView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A conflict, the windows it is with, and the override of these very facts where there is one. `repeats`: an earlier one in the
    list is with the same windows and as grave, so the ways out stand there."""

    finding: ConflictFinding
    rivals: tuple[Rival, ...] = ()
    override: OverrideView | None = None
    repeats: bool = False

    @property
    def blocks(self) -> bool:
        return self.finding.severity is Severity.HARD

    @property
    def wants_a_reason(self) -> bool:
        return self.finding.severity is Severity.SOFT and (self.override is None or self.override.state not in ANSWERED)


def clashes(
    window_id: int | None, findings: Sequence[ConflictFinding], viewer: Actor, overrides: Iterable[OverrideView] = ()
) -> list[Clash]:
    """In the order of the findings, which were told to this viewer: whoever is named in them may be named here. Two queries at most."""
    named = {number for finding in findings for number in rivals_in(finding)} - {window_id}
    asked = asked_by_window(window_id, named, viewer) if window_id is not None and named else {}
    columns = ("id", "title", "status", "team__name")
    rows = Window.objects.filter(pk__in=named).values_list(*columns) if named else ()
    rivals = {
        pk: Rival(reference=f"MW-{pk}", title=title, status=status, team=team, movable=status in STILL_MOVABLE, asked=asked.get(pk))
        for pk, title, status, team in rows
    }
    given = {one.key: one for one in overrides}
    found, known = [], set()
    for finding in findings:
        them = tuple(rivals[pk] for pk in rivals_in(finding) if pk in rivals)[:SHOWN]
        place = (finding.severity, frozenset(rival.reference for rival in them))
        found.append(Clash(finding=finding, rivals=them, override=given.get(finding.key), repeats=bool(them) and place in known))
        known.add(place)
    return found


def rivals_in(finding: ConflictFinding) -> list[int]:
    return [] if finding.kind in OF_OTHERS else [int(number) for number in dict.fromkeys(RIVAL.findall(finding.who))]
