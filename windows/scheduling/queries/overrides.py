"""The overrides of a window, and what of its soft conflicts is still open.

They are judged by the findings that everybody may read: what a confidential rival is called depends on who looks, its key must not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from windows.access.roles import Actor, Subject, Verb, permitted, somewhere
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling.conflicts import ConflictFinding
from windows.scheduling.conflicts.overriding import Accepted, OverrideState, state_of, unanswered
from windows.scheduling.models import Override, Window, WindowScope
from windows.scheduling.queries.conflicts import conflicts_of
from windows.scheduling.queries.conflicts_ahead import conflicts_ahead
from windows.scheduling.queries.windows import scopes_of, subject_from, window_view

AHEAD = [status.value for status in (WindowStatus.DRAFT, WindowStatus.REQUESTED, WindowStatus.APPROVED)]
MOST_WINDOWS = 20
PEOPLE = ("window", "asked_by", "agreed_by", "refused_by")
RIVAL = re.compile(r"MW-(\d{1,18})")
NAMED = re.compile(r"(a confidential window|MW-\d{1,18})(, (a confidential window|MW-\d{1,18}))*")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideView:
    """`may_agree`: the viewer can be the second person."""

    id: int
    key: str
    state: str
    what: str
    who: str
    why: str
    reason: str
    asked_by: str
    asked_at: datetime
    agreed_by: str
    agreed_at: datetime | None
    refused_by: str
    refused_at: datetime | None
    refusal: str
    expires_at: datetime
    may_agree: bool


def overrides_of(window_id: int, viewer: Actor, now: datetime | None = None) -> list[OverrideView]:
    """Every override of a window with what it is worth now; NotFound where the window is not for the viewer's eyes."""
    view, at = window_view(window_id, viewer), now or clock()
    rows = list(Override.objects.filter(window=window_id).select_related(*PEOPLE).order_by("id"))
    if not rows:
        return []
    keys = {finding.key for finding in conflicts_of(window_id, now=at)}
    rivals = teams_of_rivals({number for row in rows for number in numbers(row.who)})
    return [told(row, keys, view.subject, viewer, at, rivals=rivals) for row in rows]


def overrides_ahead(ids: Collection[int], viewer: Actor, now: datetime) -> dict[int, list[OverrideView]]:
    """By window, what of its overrides still says something: not those of other facts. The viewer may see each of these windows.

    One query where there is none; else their number does not follow how many windows have one.
    """
    found: dict[int, list[Override]] = {}
    rows = Override.objects.filter(window__in=ids, expires_at__gt=now).select_related(*PEOPLE, "window__team").defer("window__vevent")
    for row in rows.order_by("window", "id"):
        found.setdefault(row.window_id, []).append(row)
    if not found:
        return {}
    scopes, standing = scopes_of(found), conflicts_ahead(found, None, now)
    rivals = teams_of_rivals({number for some in found.values() for row in some for number in numbers(row.who)})
    told_of = {}
    for pk, some in found.items():
        keys = {finding.key for finding in standing.get(pk, [])}
        subject = subject_from(some[0].window, scopes.get(pk, ()))
        views = [told(row, keys, subject, viewer, now, rivals=rivals) for row in some]
        told_of[pk] = [one for one in views if one.state != OverrideState.LAPSED]
    return told_of


def overrides_waiting(viewer: Actor, now: datetime) -> list[tuple[str, list[OverrideView]]]:
    """By reference, what waits for this viewer's yes or no as the second person, of at most 20 windows, the soonest first."""
    if viewer.person_id is None or not somewhere(viewer, Verb.OVERRIDE):
        return []
    rows = Override.objects.filter(agreed_by=None, refused_by=None, expires_at__gt=now, window__status__in=AHEAD)
    ids = rows.exclude(asked_by=viewer.person_id).order_by("window__starts_at", "window").values_list("window", flat=True)
    found = []
    for pk in list(dict.fromkeys(ids))[:MOST_WINDOWS]:
        with suppress(NotFound):  # a confidential one
            found.append((f"MW-{pk}", [one for one in overrides_of(pk, viewer, now) if one.may_agree]))
    return [(reference, some) for reference, some in found if some]


def told(
    row: Override, keys: Collection[str], subject: Subject, viewer: Actor, now: datetime, *, rivals: Mapping[int, set[str]]
) -> OverrideView:
    state = state_of(accepted(row), row.window.starts_at, row.window.ends_at, keys, now)
    return OverrideView(
        id=row.pk,
        key=row.key,
        state=state.value,
        what=row.what,
        who=row.who,
        why=row.why,
        reason=row.reason,
        asked_by=row.asked_by.name,
        asked_at=row.asked_at,
        agreed_by=row.agreed_by.name if row.agreed_by else "",
        agreed_at=row.agreed_at,
        refused_by=row.refused_by.name if row.refused_by else "",
        refused_at=row.refused_at,
        refusal=row.refusal,
        expires_at=row.expires_at,
        may_agree=state is OverrideState.ASKED and may_agree(viewer, row, subject, rivals),
    )


def open_conflicts(window: Window, now: datetime | None = None) -> tuple[list[ConflictFinding], list[ConflictFinding]]:
    """The window's soft conflicts without a reason, and those with one that wait for the second person."""
    at = now or clock()
    given = [accepted(row) for row in Override.objects.filter(window=window)]
    return unanswered(conflicts_of(window.pk, now=at), given, window.starts_at, window.ends_at, at)


def freezes_accepted(window_id: int, now: datetime) -> set[int]:
    """The soft freezes that two people accept for this window, as they are now and for as long as that holds."""
    keys = set(Override.objects.filter(window=window_id, agreed_by__isnull=False, expires_at__gt=now).values_list("key", flat=True))
    return {one.freeze for one in conflicts_of(window_id, now=now) if one.key in keys and one.freeze is not None} if keys else set()


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
    """The windows that a conflict is with. The title of a freeze or of a provider's work names none, whatever stands in it."""
    return {int(number) for number in RIVAL.findall(who)} if NAMED.fullmatch(who) else set()


def accepted(row: Override) -> Accepted:
    return Accepted(
        key=row.key,
        begins=row.starts_at,
        ends=row.ends_at,
        agreed=row.agreed_by_id is not None,
        expires_at=row.expires_at,
        refused=row.refused_by_id is not None,
    )


def may_agree(actor: Actor, row: Override, subject: Subject, rivals: Mapping[int, set[str]] | None = None) -> bool:
    """Another person than who asked, whom the role table lets override for the window's team, an affected one, or the rival's.
    `rivals`: the teams of the windows it is with, where the caller has them."""
    if actor.person_id is None or actor.person_id == row.asked_by_id:
        return False
    named = numbers(row.who)
    theirs = teams_of_rivals(named) if rivals is None else rivals
    teams = subject.affected_teams.union(*(theirs.get(number, set()) for number in named))
    return permitted(actor, Verb.OVERRIDE, subject) or any(permitted(actor, Verb.OVERRIDE, Subject(team=team)) for team in teams)


def teams_of_rivals(window_ids: Collection[int]) -> dict[int, set[str]]:
    """By window, its team and those of the services it touches. Two queries, none where there is no window."""
    found: dict[int, set[str]] = {}
    if window_ids:
        owning = Window.objects.filter(pk__in=window_ids).values_list("pk", "team__slug")
        touched = WindowScope.objects.filter(window__in=window_ids).values_list("window_id", "service__team__slug")
        for window_id, team in [*owning, *touched]:
            found.setdefault(window_id, set()).add(team)
    return found
