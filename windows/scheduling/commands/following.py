"""Verb: change this occurrence and all that follow. The series is split: what came before keeps its rule, the later part has its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.queries import subject_of_team
from windows.errors import Conflict, Invalid
from windows.lifecycle.states import FINAL, WindowStatus
from windows.scheduling import times
from windows.scheduling.commands import editing
from windows.scheduling.commands.drafts import apply, scope_row, throw_away
from windows.scheduling.commands.occurrences import make
from windows.scheduling.commands.series import ABOUT_TO_END, COPIED, check_occurrences, columns_of, cut, occurrence
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked, touch
from windows.scheduling.models import Series, Window
from windows.scheduling.queries.series import HORIZON, STEP, recurrence_of
from windows.scheduling.recurrence import Recurrence, after, localised

SAID = frozenset({*COPIED, "team", "scope"})
PERIOD = frozenset({"starts_at", "ends_at"})
ENDED = tuple(status.value for status in FINAL)


@dataclass(frozen=True, slots=True)
class Split:
    """`to_amend` were asked for or approved: each with its own changes, for approvals to decide about. `strayed` were changed alone
    before, or are under way, and stay as they are."""

    series: Series
    changed: tuple[str, ...]
    to_amend: tuple[tuple[int, dict[str, Any]], ...]
    strayed: tuple[str, ...]


@one_transaction
def edit_following(actor: Actor, window_id: int, changes: Mapping[str, Any], version: int, *, rrule: str | None = None) -> Split:
    """Change fields, time or rule of an occurrence and of all that follow; drafts are changed at once.

    A new `starts_at` moves every following one by wall-clock time. Invalid(field="rrule") where the rule does not name the new time;
    Conflict names what was asked for or approved and has no time under the new rule.
    """
    window, series = occurrence(actor, window_id)
    editing.check_version(window, version)
    unknown = sorted(set(changes) - SAID - PERIOD)
    if unknown:
        raise Invalid(f"“{unknown[0]}” is changed for one occurrence at a time.", field=unknown[0])
    now, at = clock(), datetime.fromisoformat(window.recurrence_id)
    starts_at = times.parse(changes["starts_at"], "starts_at") if "starts_at" in changes else localised(at, series.timezone)
    lasts = times.parse(changes["ends_at"], "ends_at") - starts_at if "ends_at" in changes else series.lasts
    to = datetime.fromisoformat(times.wall(starts_at, series.timezone)) if "starts_at" in changes else at
    times.check_period(starts_at, starts_at + lasts, longest=editing.longest_window(), now=now, start_is_new="starts_at" in changes)
    later, becomes = after(recurrence_of(series), at, to, now + HORIZON + STEP, rrule)
    check_occurrences(replace(later, left_out=frozenset()), localised(to, series.timezone), lasts, now)
    split = Series(
        team=series.team, said=said_with(series, changes), starts=to.isoformat(), timezone=series.timezone, lasts=lasts,
        known_until=now, follows=series, created_by=series.created_by, is_example=series.is_example, **columns_of(later),
    )  # fmt: skip
    split.team_id = editing.team_id(split.said["team"])
    require(actor, Verb.DRAFT, subject_of_team(split.said["team"]))
    split.save()
    following = Window.objects.filter(series=series, recurrence_id__gte=window.recurrence_id).order_by("recurrence_id")
    told = {name: value for name, value in changes.items() if name not in PERIOD}
    if "scope" in told:
        told["scope"] = tuple(
            row if isinstance(row, editing.ScopeRow) else scope_row(row, f"scope.{n}") for n, row in enumerate(told["scope"])
        )
    answer = relinked(actor, [locked(one.pk) for one in following], split, becomes, told, same_rule=rrule is None)
    cut(series, window.recurrence_id)
    make(split, actor, now)
    record("series.split", actor, str(split), window=window.reference, data=told_of(answer, series, later))
    return answer


def relinked(
    actor: Actor,
    following: list[Window],
    split: Series,
    becomes: Mapping[datetime, datetime],
    changes: Mapping[str, Any],
    *,
    same_rule: bool,
) -> Split:
    """Hand the following windows over to the later series, each under its new name, and change the drafts among them."""
    changed, to_amend, strayed = [], [], []
    for window in following:
        new = becomes.get(datetime.fromisoformat(window.recurrence_id))
        if window.status in ENDED and not same_rule:
            continue  # it has ended under the earlier rule
        if new is None:
            without_time(actor, window)
            continue
        window.series, window.recurrence_id = split, new.isoformat()
        touch(window, clock(), {"series", "recurrence_id"})
        begins = localised(new, split.timezone)
        whole = {**changes, "starts_at": begins, "ends_at": begins + split.lasts}
        if window.strayed_at is not None or window.status == WindowStatus.RUNNING:
            strayed.append(window.reference)
        elif window.status in ABOUT_TO_END:
            to_amend.append((window.pk, whole))
        elif window.status == WindowStatus.DRAFT and (differs := apply(actor, window, whole, together=True)):
            changed.append(window.reference)
            told = {name: [None, None] for name in differs} if window.confidential else differs
            record("window.edited", actor, window.reference, window=window.reference, data={"changed": told, "version": window.version})
    return Split(split, tuple(changed), tuple(to_amend), tuple(strayed))


def without_time(actor: Actor, window: Window) -> None:
    """There is no time for it any more: a draft disappears, what has ended stays where it was."""
    if window.status == WindowStatus.DRAFT and window.published_at is None:
        throw_away(actor, window)
    elif window.status not in ENDED:
        detail = f"{window.reference} is {window.status} and the new rule has no time for it. Call it off or withdraw it first."
        raise Conflict(detail, field="rrule", rival=None if window.confidential else window.reference)


def said_with(series: Series, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the later series is made of, every field checked."""
    told = {name: value for name, value in changes.items() if name in SAID}
    editing.columns_of(told)
    if "scope" in told:
        editing.expanded(told["scope"])
        told["scope"] = editing.as_said(told["scope"])
    if "parameters" in told:
        told["parameters"] = dict(told["parameters"])
    return {**series.said, **told}


def told_of(answer: Split, before: Series, later: Recurrence) -> dict[str, Any]:
    hidden = before.said["confidential"] or answer.series.said["confidential"]
    return {
        "follows": before.pk,
        "rrule": answer.series.rrule,
        "starts": later.starts.isoformat(),
        "timezone": later.zone,
        "changed": {} if hidden else {"windows": [[], list(answer.changed)]},
    }
