"""One window as surfaces show it, and what it is to the role table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windows.access.roles import Actor, Subject, Verb, require
from windows.errors import NotFound
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.times import wall

REFERENCE = re.compile(r"MW-([1-9][0-9]{0,17})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PersonView:
    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ScopeView:
    service: str
    service_name: str
    team: str
    tier: int
    environment: str
    region: str
    layer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowView:
    """A window with its scope, ready to show; times are UTC, `timezone` is the window's own."""

    id: int
    reference: str
    title: str
    reason: str
    status: str
    mode: str
    change_type: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    clock_moved: bool  # the zone's rules changed since: the window's own clock now shows other hours than were meant
    starts_itself: bool
    team: str
    team_name: str
    owner: PersonView
    coordinator: PersonView
    deputy: PersonView | None
    created_by: PersonView
    runbook: str | None
    runbook_version: int | None  # its number
    runbook_version_id: int | None
    parameters: dict[str, Any]
    expected_impact: str
    expected_users: int | None
    expected_alerts: list[dict[str, Any]]
    slack: float
    confidential: bool
    external_ref: str | None
    series_id: int | None
    recurrence_id: str
    is_example: bool
    version: int
    sequence: int
    uid: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    closed_at: datetime | None
    scope: tuple[ScopeView, ...]
    subject: Subject


def window_id_of(reference: str) -> int:
    """The id behind MW-1042 (any case); NotFound for anything else."""
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise NotFound("There is no such window.")
    return int(found[1])


def scope_of(window_id: int) -> tuple[ScopeView, ...]:
    rows = WindowScope.objects.filter(window=window_id).order_by("service__slug", "environment", "region", "layer")
    names = ("service__slug", "service__name", "service__team__slug", "service__tier", "environment", "region", "layer")
    return tuple(ScopeView(*row) for row in rows.values_list(*names))


def scopes_of(window_ids: Iterable[int]) -> dict[int, tuple[ScopeView, ...]]:
    """The same for several windows; one query. One without a row is left out."""
    names = ("window_id", "service__slug", "service__name", "service__team__slug", "service__tier", "environment", "region", "layer")
    rows = WindowScope.objects.filter(window__in=list(window_ids)).order_by("service__slug", "environment", "region", "layer")
    found: dict[int, list[ScopeView]] = {}
    for window_id, *place in rows.values_list(*names):
        found.setdefault(window_id, []).append(ScopeView(*place))
    return {window_id: tuple(places) for window_id, places in found.items()}


def subject_of(window: Window | int) -> Subject:
    """What a window is to the role table: its team, the teams of the services it touches, its people."""
    row = window if isinstance(window, Window) else Window.objects.select_related("team").filter(pk=window).first()
    if row is None:
        raise NotFound("There is no such window.")
    return subject_from(row, scope_of(row.pk))


def subject_from(window: Window, scope: tuple[ScopeView, ...]) -> Subject:
    return subject_with(window, {row.team for row in scope})


def subject_with(window: Window, affected_teams: set[str]) -> Subject:
    return Subject(
        team=window.team.slug,
        affected_teams=frozenset(affected_teams),
        coordinator_id=window.coordinator_id,
        deputy_id=window.deputy_id,
        owner_id=window.owner_id,
        confidential=window.confidential,
        called=window.reference,
    )


def window_view(window_id: int, viewer: Actor) -> WindowView:
    """One window for this viewer; NotFound where there is none or it is not for their eyes. Two queries."""
    joins = ("team", "owner", "coordinator", "deputy", "created_by", "runbook_version__runbook")
    window = Window.objects.select_related(*joins).defer("vevent").filter(pk=window_id).first()
    if window is None:
        raise NotFound("There is no such window.")
    scope = scope_of(window.pk)
    subject = subject_from(window, scope)
    require(viewer, Verb.READ, subject)
    return view_from(window, scope, subject)


def view_from(window: Window, scope: tuple[ScopeView, ...], subject: Subject) -> WindowView:
    version = window.runbook_version
    return WindowView(
        id=window.pk,
        reference=window.reference,
        title=window.title,
        reason=window.reason,
        status=window.status,
        mode=window.mode,
        change_type=window.change_type,
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        timezone=window.timezone,
        clock_moved=clock_moved(window),
        starts_itself=window.starts_itself,
        team=window.team.slug,
        team_name=window.team.name,
        owner=person_view(window.owner),
        coordinator=person_view(window.coordinator),
        deputy=person_view(window.deputy) if window.deputy else None,
        created_by=person_view(window.created_by),
        runbook=version.runbook.slug if version else None,
        runbook_version=version.number if version else None,
        runbook_version_id=window.runbook_version_id,
        parameters=window.parameters,
        expected_impact=window.expected_impact,
        expected_users=window.expected_users,
        expected_alerts=window.expected_alerts,
        slack=window.slack,
        confidential=window.confidential,
        external_ref=window.external_ref,
        series_id=window.series_id,
        recurrence_id=window.recurrence_id,
        is_example=window.is_example,
        version=window.version,
        sequence=window.sequence,
        uid=str(window.uid),
        created_at=window.created_at,
        updated_at=window.updated_at,
        started_at=window.started_at,
        ended_at=window.ended_at,
        closed_at=window.closed_at,
        scope=scope,
        subject=subject,
    )


def clock_moved(window: Window) -> bool:
    """Whether the local times that were meant are no longer those of the moments that are kept. The moments hold; a person decides."""
    meant = (window.wall_start, window.wall_end)
    return all(meant) and meant != (wall(window.starts_at, window.timezone), wall(window.ends_at, window.timezone))


def person_view(person: Any) -> PersonView:
    return PersonView(person.pk, person.name, person.email)
