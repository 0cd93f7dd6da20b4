"""Verbs: let a draft recur; end a series from one occurrence on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, Forbidden, Invalid
from windows.lifecycle.states import HOLDS_SLOT, WindowStatus
from windows.scheduling import texts
from windows.scheduling.commands.drafts import throw_away
from windows.scheduling.commands.editing import check_version
from windows.scheduling.commands.occurrences import locked_series, make
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked, move, touch
from windows.scheduling.models import Series, Window, WindowScope
from windows.scheduling.queries.series import HORIZON, STEP, recurrence_of
from windows.scheduling.queries.windows import subject_of
from windows.scheduling.recurrence import Recurrence, before, occurrences, read
from windows.scheduling.times import MOMENT

COPIED = (
    "title", "reason", "owner_id", "coordinator_id", "deputy_id", "mode", "change_type", "starts_itself", "runbook_version_id",
    "parameters", "expected_impact", "expected_users", "expected_alerts", "slack", "confidential",
)  # fmt: skip
ABOUT_TO_END = tuple(status.value for status in HOLDS_SLOT if status is not WindowStatus.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """How something recurs, as it is said: an RRULE; further dates and dates left out as wall-clock times of the window's zone."""

    rrule: str = ""
    rdates: tuple[str, ...] = ()
    exdates: tuple[str, ...] = ()


@one_transaction
def create_series(actor: Actor, window_id: int, pattern: Pattern, version: int) -> Series:
    """Let a draft recur: it becomes the first occurrence, and the others are made as drafts, 13 months ahead.

    Invalid names the part of the pattern, and the limit it passes; Conflict where the window is no draft or recurs already.
    """
    window = locked(window_id)
    require(actor, Verb.DRAFT, subject_of(window))
    if actor.person_id is None:
        raise Forbidden("A series is made by a person.", verb=Verb.DRAFT.value)
    if window.status != WindowStatus.DRAFT or window.series_id is not None:
        is_what = window.status if window.series_id is None else f"part of series {window.series_id}"
        raise Conflict(f"{window.reference} is {is_what}; a draft by itself can recur.", field="status")
    check_version(window, version)
    now, starts = clock(), datetime.fromisoformat(window.wall_start)
    of = recurring(starts, window.timezone, pattern)
    check_occurrences(of, window.starts_at, window.ends_at - window.starts_at, now)
    series = Series.objects.create(
        team=window.team,
        said=said_of(window),
        starts=window.wall_start,
        timezone=window.timezone,
        lasts=window.ends_at - window.starts_at,
        known_until=window.starts_at,
        created_by_id=actor.person_id,
        is_example=window.is_example,
        **columns_of(of),
    )
    window.series, window.recurrence_id = series, window.wall_start
    touch(window, now, {"series", "recurrence_id"})
    told = {"rrule": series.rrule, "starts": series.starts, "timezone": series.timezone, "version": window.version}
    record("series.created", actor, str(series), window=window.reference, data=told)
    make(series, actor, now)
    return series


def recurring(starts: datetime, zone: str, pattern: Pattern) -> Recurrence:
    """A pattern as the evaluator takes it; Invalid names its part."""
    rrule = texts.line(pattern.rrule, "rrule", longest=500)
    if not rrule and not pattern.rdates:
        raise Invalid("Say how it recurs: a rule such as FREQ=WEEKLY;BYDAY=TU, or further dates.", field="rrule")
    return read(starts, zone, rrule or None, dates(pattern.rdates, "rdates"), dates(pattern.exdates, "exdates"))


def dates(given: Iterable[object], field: str) -> list[datetime]:
    found = []
    for index, text in enumerate(given):
        wrong = Invalid("Write a local time as 2027-03-28T22:00, without an offset.", field=f"{field}[{index}]")
        if not isinstance(text, str) or not MOMENT.fullmatch(text.strip()):
            raise wrong
        try:
            day = datetime.fromisoformat(text.strip().upper())
        except ValueError:
            raise wrong from None
        if day.tzinfo is not None or day.microsecond:
            raise wrong
        found.append(day)
    return found


def check_occurrences(of: Recurrence, starts_at: datetime, lasts: timedelta, now: datetime) -> None:
    """Invalid where the draft's own time is none of its occurrences, or one would begin before the one before it ends."""
    found = occurrences(of, min(starts_at, now) - timedelta(days=1), now + HORIZON + STEP)
    if not found or found[0].wall != of.starts:
        instead = f" The first time it names is {found[0].wall:%A %Y-%m-%d %H:%M}." if found else ""
        raise Invalid(f"The rule does not name {of.starts:%A %Y-%m-%d %H:%M}, when the draft begins.{instead}", field="rrule")
    for one, next_one in pairwise(found):
        if next_one.at - one.at < lasts:
            detail = f"The occurrence of {next_one.wall:%Y-%m-%d %H:%M} would begin before that of {one.wall:%Y-%m-%d %H:%M} ends."
            raise Invalid(detail, field="rrule")


def columns_of(of: Recurrence) -> dict[str, Any]:
    """A recurrence as a series' columns."""
    return {
        "rrule": of.rule.text if of.rule else "",
        "rdates": [day.isoformat() for day in sorted(of.added)],
        "exdates": [day.isoformat() for day in sorted(of.left_out)],
    }


def said_of(window: Window) -> dict[str, Any]:
    """What a further window like this one is made of: the fields of a Draft but its period and its external reference. The scope as
    it was said: "*" means what it means then."""
    said = {**{name: getattr(window, name) for name in COPIED}, "team": window.team.slug}
    if window.scope_said:
        return {**said, "scope": window.scope_said}
    layers: dict[tuple[str, str, str], list[str]] = {}
    for row in WindowScope.objects.filter(window=window).order_by("service__slug", "environment", "region", "layer"):
        layers.setdefault((row.service.slug, row.environment, row.region), []).append(row.layer)
    scope = [{"service": s, "environment": e, "region": r, "layers": found} for (s, e, r), found in layers.items()]
    return {**said, "scope": scope}


def occurrence(actor: Actor, window_id: int) -> tuple[Window, Series]:
    """A locked occurrence with its series, for somebody who may plan it."""
    window = locked(window_id)
    require(actor, Verb.DRAFT, subject_of(window))
    if window.series_id is None:
        raise Conflict(f"{window.reference} does not recur.", field="series")
    return window, locked_series(window.series_id)


@one_transaction
def skip_following(actor: Actor, window_id: int, reason: str) -> Series:
    """Take this occurrence and all that follow away: drafts disappear, what was asked for or approved is called off, the series ends.
    What runs or has ended stays. Forbidden where one of them was handed to a team that the actor does not plan for."""
    window, series = occurrence(actor, window_id)
    why = texts.lines(reason, "reason", required=True)
    gone = []
    for one in Window.objects.filter(series=series, recurrence_id__gte=window.recurrence_id).order_by("recurrence_id"):
        require(actor, Verb.DRAFT, subject_of(one))
        if one.status == WindowStatus.DRAFT and one.published_at is None:
            throw_away(actor, locked(one.pk))
        elif one.status in ABOUT_TO_END:
            move(one.pk, WindowStatus.CANCELLED, actor, "window.cancelled", expected=WindowStatus(one.status), data={"reason": why})
        else:
            continue
        gone.append(one.reference)
    cut(series, window.recurrence_id)
    told = {"from": window.recurrence_id, "reason": why, "windows": [] if series.said["confidential"] else gone}
    record("series.ended", actor, str(series), window=window.reference, data={**told, "version": series.version})
    return series


def cut(series: Series, recurrence_id: str) -> None:
    """The series ends before this occurrence."""
    series.refresh_from_db(fields=["exdates"])
    left = before(recurrence_of(series), datetime.fromisoformat(recurrence_id))
    for name, value in columns_of(left).items():
        setattr(series, name, value)
    series.known_until = None  # what is left of it is made
    series.version += 1
    series.save(update_fields=["rrule", "rdates", "exdates", "known_until", "version"])
