"""The overrides of a window, and what of its soft conflicts is still open.

They are judged by the findings that everybody may read: what a confidential rival is called depends on who looks, its key must not.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from windows.access.roles import Actor, Subject, Verb, permitted
from windows.audit.clock import clock
from windows.lifecycle.states import WindowStatus
from windows.scheduling.conflicts import ConflictFinding
from windows.scheduling.conflicts.overriding import Accepted, OverrideState, state_of, unanswered
from windows.scheduling.models import Override, Window, WindowScope
from windows.scheduling.queries.conflicts import conflicts_of
from windows.scheduling.queries.windows import window_view

RIVAL = re.compile(r"MW-(\d{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideView:
    """`may_agree`: the viewer can be the second person."""

    id: int
    state: str
    what: str
    who: str
    why: str
    reason: str
    asked_by: str
    asked_at: datetime
    agreed_by: str
    agreed_at: datetime | None
    expires_at: datetime
    may_agree: bool


def overrides_of(window_id: int, viewer: Actor, now: datetime | None = None) -> list[OverrideView]:
    """Every override of a window with what it is worth now; NotFound where the window is not for the viewer's eyes."""
    view, at = window_view(window_id, viewer), now or clock()
    rows = list(Override.objects.filter(window=window_id).select_related("asked_by", "agreed_by").order_by("id"))
    if not rows:
        return []
    keys = {finding.key for finding in conflicts_of(window_id, now=at)}
    states = {row.pk: state_of(accepted(row), view.starts_at, view.ends_at, keys, at) for row in rows}
    return [
        OverrideView(
            id=row.pk,
            state=states[row.pk].value,
            what=row.what,
            who=row.who,
            why=row.why,
            reason=row.reason,
            asked_by=row.asked_by.name,
            asked_at=row.asked_at,
            agreed_by=row.agreed_by.name if row.agreed_by else "",
            agreed_at=row.agreed_at,
            expires_at=row.expires_at,
            may_agree=states[row.pk] is OverrideState.ASKED and may_agree(viewer, row, view.subject),
        )
        for row in rows
    ]


def open_conflicts(window: Window, now: datetime | None = None) -> tuple[list[ConflictFinding], list[ConflictFinding]]:
    """The window's soft conflicts without a reason, and those with one that wait for the second person."""
    at = now or clock()
    given = [accepted(row) for row in Override.objects.filter(window=window)]
    return unanswered(conflicts_of(window.pk, now=at), given, window.starts_at, window.ends_at, at)


def theirs_to_answer(window: Window, findings: list[ConflictFinding], now: datetime) -> list[ConflictFinding]:
    """Of a window's unanswered soft conflicts those that still count when it starts. A rival that was only asked for has to answer for
    itself; one whose people accepted this very window, for the time it has now, has done so. Two statements."""
    named = {number for finding in findings for number in numbers(finding.who)}
    if not named:
        return findings
    rivals = {row.pk: row for row in Window.objects.filter(pk__in=named).only("id", "status", "starts_at", "ends_at")}
    agreed = Override.objects.filter(window__in=named, agreed_by__isnull=False, expires_at__gt=now)
    periods = {pk: (rival.starts_at, rival.ends_at) for pk, rival in rivals.items()}
    done = {row.window_id for row in agreed if window.pk in numbers(row.who) and (row.starts_at, row.ends_at) == periods[row.window_id]}
    done |= {pk for pk, rival in rivals.items() if rival.status == WindowStatus.REQUESTED}
    return [finding for finding in findings if not numbers(finding.who) or numbers(finding.who) - done]


def numbers(who: str) -> set[int]:
    return {int(number) for number in RIVAL.findall(who)}


def accepted(row: Override) -> Accepted:
    return Accepted(key=row.key, begins=row.starts_at, ends=row.ends_at, agreed=row.agreed_by_id is not None, expires_at=row.expires_at)


def may_agree(actor: Actor, row: Override, subject: Subject) -> bool:
    """Another person than who asked, whom the role table lets override for the window's team, an affected one, or the rival's."""
    if actor.person_id is None or actor.person_id == row.asked_by_id:
        return False
    teams = subject.affected_teams | rival_teams(numbers(row.who))
    return permitted(actor, Verb.OVERRIDE, subject) or any(permitted(actor, Verb.OVERRIDE, Subject(team=team)) for team in teams)


def rival_teams(window_ids: Collection[int]) -> set[str]:
    if not window_ids:
        return set()
    owning = Window.objects.filter(pk__in=window_ids).values_list("team__slug", flat=True)
    touched = WindowScope.objects.filter(window__in=window_ids).values_list("service__team__slug", flat=True)
    return {*owning, *touched}
