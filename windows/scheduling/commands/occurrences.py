"""Verb: make the occurrences of a series that have come within the horizon. Each is a window like any other, a draft at first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.range import TimestamptzRange

from windows.access.roles import SCHEDULE, Actor
from windows.audit.clock import clock
from windows.audit.commands import record, record_each
from windows.catalogue.models import Person, Service, Team
from windows.errors import Invalid, NotFound
from windows.scheduling import vevent
from windows.scheduling.commands import editing
from windows.scheduling.commands.editing import ConcreteRow, ScopeRow
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import about, facts_of
from windows.scheduling.models import Series, Window, WindowScope
from windows.scheduling.queries.series import HORIZON, STEP, recurrence_of
from windows.scheduling.recurrence import Occurrence, Recurrence, occurrences
from windows.scheduling.times import FARTHEST


@one_transaction
def extend_series(series_id: int) -> list[Window]:
    """Make what has come within the horizon since the last time; nothing where that was a moment ago. Safe to repeat.

    Where no occurrence can be made any more (a person left, a service is gone) the series is stalled, and says why.
    """
    series = locked_series(series_id)
    now = clock()
    if series.known_until is None or series.known_until > now + HORIZON:
        return []
    try:
        made = make(series, SCHEDULE, now)
    except Invalid as refusal:
        why = f"{refusal.field}: {refusal.detail}"
        if series.stalled != why:
            Series.objects.filter(pk=series_id).update(stalled=why)
            record("series.stalled", SCHEDULE, str(series), data={"why": why})
        return []
    until = series.known_until.isoformat() if series.known_until else None
    told = {"until": until, "windows": [] if series.said["confidential"] else [w.reference for w in made]}
    record("series.extended", SCHEDULE, str(series), data=told)
    return made


def make(series: Series, actor: Actor, now: datetime) -> list[Window]:
    """Make the missing occurrences up to the horizon and a step beyond, inside the caller's transaction. Invalid leaves all as it was."""
    of, horizon = recurrence_of(series), now + HORIZON + STEP
    found = occurrences(of, max(series.known_until or now, now), horizon)
    there = set(Window.objects.filter(series=series).values_list("recurrence_id", flat=True))
    missing = [one for one in found if one.wall.isoformat() not in there]
    columns, rows = editing.columns_of(series.said), editing.expanded(scope_of_series(series))
    made = written([drafted(series, one, columns, now) for one in missing], rows, now)
    scope, more = [row.told for row in rows], {"series": series.pk, "version": 1}
    told = [more if window.confidential else {**about(window), "scope": scope, **more} for window in made]
    record_each([("window.created", one.reference, one.reference, data) for one, data in zip(made, told, strict=True)], actor)
    series.known_until, series.stalled = None if ends_by(of, horizon) else horizon, ""
    series.save(update_fields=["known_until", "stalled"])
    return made


def ends_by(of: Recurrence, horizon: datetime) -> bool:
    """Whether nothing recurs after the horizon, as far as we would ever plan. A rule that cannot be told goes on."""
    if of.rule is not None and of.rule.count is None and of.rule.until is None:
        return False
    try:
        return not occurrences(of, horizon, horizon + FARTHEST)
    except Invalid:
        return False


def drafted(series: Series, one: Occurrence, columns: Mapping[str, Any], now: datetime) -> Window:
    window = Window(
        **columns,
        scope_said=series.said["scope"],
        starts_at=one.at,
        ends_at=one.at + series.lasts,
        timezone=series.timezone,
        series=series,
        recurrence_id=one.wall.isoformat(),
        uid=uuid.uuid4(),
        created_by_id=series.created_by_id,
        edited_by_id=series.created_by_id,
        is_example=series.is_example,
        created_at=now,
        updated_at=now,
    )
    editing.check_whole(window, now, start_is_new=False)
    return window


def written(windows: list[Window], rows: list[ConcreteRow], now: datetime) -> list[Window]:
    """Save windows of one series, team and coordinator with their scopes and calendar blocks. The number of statements does not follow
    theirs but by the batch."""
    if not windows:
        return []
    made = Window.objects.bulk_create(windows)
    services = Service.objects.in_bulk({row.place.service_id for row in rows})
    team, coordinator = Team.objects.get(pk=made[0].team_id), Person.objects.get(pk=made[0].coordinator_id)
    scopes = WindowScope.objects.bulk_create(
        WindowScope(
            window=window,
            service=services[row.place.service_id],
            environment=row.place.environment,
            region=row.place.region,
            layer=row.layer,
            reserved=TimestamptzRange(window.starts_at, window.ends_at, "[)"),
        )
        for window in made
        for row in rows
    )
    of_window: dict[int, list[WindowScope]] = {}
    for scope in scopes:
        of_window.setdefault(scope.window_id, []).append(scope)
    for window in made:
        window.team, window.coordinator = team, coordinator
        window.vevent = vevent.block(facts_of(window, of_window[window.pk]))
    Window.objects.bulk_update(made, ["vevent"], batch_size=200)
    return made


def locked_series(series_id: int) -> Series:
    """The series' row under lock; NotFound where there is none."""
    series = Series.objects.select_for_update(of=("self",)).select_related("team").filter(pk=series_id).first()
    if series is None:
        raise NotFound("There is no such series.")
    return series


def scope_of_series(series: Series) -> tuple[ScopeRow, ...]:
    return tuple(ScopeRow(**row) for row in series.said["scope"])
