"""Verb: move a window along its life. Everybody who changes a window's status does it here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from psycopg import errors
from psycopg.types.range import TimestamptzRange

from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, NotFound
from windows.lifecycle.states import FINAL, HOLDS_SLOT, ChangeType, WindowStatus, may_become
from windows.scheduling import vevent
from windows.scheduling.commands.moving import end_questions
from windows.scheduling.commands.transactions import line_up
from windows.scheduling.models import LONGEST_RESERVATION, Window, WindowScope
from windows.scheduling.queries.slots import slots


def move(
    window_id: int,
    to: WindowStatus,
    actor: Actor,
    kind: str,
    *,
    expected: WindowStatus,
    data: dict[str, Any] | None = None,
    same_edit: bool = False,
    **columns: Any,
) -> Window:
    """Compare-and-swap the status, keep the slot, tell calendars, record the audit entry. Runs inside the caller's transaction.

    `same_edit` says that this command has raised SEQUENCE already: calendars hear of one change.
    `columns` are further columns of Window to set with it (started_at=…). Conflict(field="status") when the window is not in
    `expected` or the table has no such edge; Conflict(field="scope", rival="MW-…") when another window holds the slot.
    """
    window = locked(window_id)
    if window.status != expected or not may_become(expected.value, to.value):
        raise Conflict(f"{window.reference} is {spoken(window.status)}, so it cannot become {spoken(to)}.", field="status")
    before = window.status
    window.status = to.value
    for name, value in columns.items():
        setattr(window, name, value)
    keep_slot(window, new=WindowStatus(before) not in HOLDS_SLOT)
    touch(window, clock(), columns.keys() | {"status"}, again=not same_edit)
    told = {**about(window), "from": before, "to": to.value, "sequence": window.sequence, "version": window.version, **(data or {})}
    if to in FINAL:
        end_questions(window, actor, window.updated_at)
    record(kind, actor, window.reference, window=window.reference, data=told)
    return window


def about(window: Window) -> dict[str, Any]:
    """What every message about a window needs, as values."""
    period = {"starts_at": window.starts_at.isoformat(), "ends_at": window.ends_at.isoformat(), "timezone": window.timezone}
    return {"title": window.title, **period, "mode": window.mode, "impact": window.expected_impact}


def locked(window_id: int) -> Window:
    """The window's row under lock; NotFound where there is none."""
    if not connection.in_atomic_block:
        raise RuntimeError("a window is locked only inside a transaction")
    rows = Window.objects.select_for_update(of=("self",)).select_related("team", "coordinator", "series")
    try:
        return rows.get(pk=window_id)
    except Window.DoesNotExist:
        raise NotFound("There is no such window.") from None


def keep_slot(window: Window, *, new: bool) -> None:
    """Make the scope rows' `holds_slot` and `reserved` follow from the window; Conflict names the rival where the slot is taken.

    `new` says that it takes a slot it did not have.
    """
    scopes = WindowScope.objects.filter(window=window)
    holds = window.status in HOLDS_SLOT and window.change_type != ChangeType.EMERGENCY
    if holds and new:
        line_up(scopes.values_list("service_id", flat=True))
    set_reserved(window, scopes, reserved_of(window), holds=holds)


def reserve_until(window_id: int, until: datetime) -> None:
    """Grow (an overrun, to a week at most) or cut (an early end) what a window keeps for itself. Inside the caller's
    transaction; Conflict as in `move`."""
    window = locked(window_id)
    scopes = WindowScope.objects.filter(window=window)
    lower = min(window.starts_at, window.started_at or window.starts_at)
    upper = min(max(lower, until), lower + LONGEST_RESERVATION)
    line_up(scopes.values_list("service_id", flat=True))
    set_reserved(window, scopes, TimestamptzRange(lower, upper, "[)"), holds=window.change_type != ChangeType.EMERGENCY)


def reserved_of(window: Window) -> TimestamptzRange:
    lower = min(window.starts_at, window.started_at or window.starts_at)
    upper = window.ends_at
    if window.status in FINAL and window.ended_at:
        upper = max(lower, window.ended_at)
    return TimestamptzRange(lower, min(upper, lower + LONGEST_RESERVATION), "[)")


def set_reserved(window: Window, scopes: Any, reserved: TimestamptzRange, *, holds: bool) -> None:
    try:
        with transaction.atomic():
            scopes.update(holds_slot=holds, reserved=reserved)
    except IntegrityError as error:
        if not isinstance(error.__cause__, errors.ExclusionViolation):
            raise
        raise slot_taken(window, reserved) from error


def slot_taken(window: Window, reserved: TimestamptzRange) -> Conflict:
    """Who stands in the way. A confidential rival is not named."""
    for scope in WindowScope.objects.filter(window=window).select_related("service"):
        near = (
            slots([scope.service_id], reserved.lower, reserved.upper) if reserved.lower and reserved.upper else WindowScope.objects.none()
        )
        others = near.filter(environment=scope.environment, region=scope.region)
        rival = others.exclude(window=window).select_related("window").order_by("window_id").first()
        if rival is not None:
            name = "a confidential window" if rival.window.confidential else rival.window.reference
            place = f"{scope.service.slug} in {scope.environment}/{scope.region}"
            return Conflict(f"{name} has {place} at that time.", field="scope", rival=name)
    return Conflict("Another window had this scope at that time a moment ago. Try again.", field="scope")


def touch(window: Window, now: datetime, columns: Any, *, again: bool = True) -> None:
    """Save these columns as a change that calendars must hear of: version, SEQUENCE, LAST-MODIFIED and the stored VEVENT move on.

    Without `again` the numbers stay: the same command has moved them.
    """
    if again:
        window.version += 1
        window.sequence += 1
    window.updated_at = max(now, window.updated_at)
    if window.status != WindowStatus.DRAFT and window.published_at is None:
        window.published_at = now
    window.vevent = vevent.block(facts_of(window))
    window.save(update_fields={*columns, "version", "sequence", "updated_at", "published_at", "vevent"})


def facts_of(window: Window, known: Iterable[WindowScope] | None = None) -> vevent.EventFacts:
    """A saved window with its scope rows (`known`, where the caller has them) as the plain values a VEVENT is written from."""
    rows = known or (
        window.scopes.all() if "scopes" in getattr(window, "_prefetched_objects_cache", {}) else window.scopes.select_related("service")
    )
    scopes = sorted(rows, key=lambda scope: (scope.service.slug, scope.environment, scope.region, scope.layer))
    return vevent.EventFacts(
        home=settings.PORTAL_URL,
        reference=window.reference,
        uid=str(window.uid),
        title=window.title,
        reason=window.reason,
        impact=window.expected_impact,
        mode=window.mode,
        status=window.status,
        change_type=window.change_type,
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        timezone=window.timezone,
        sequence=window.sequence,
        created_at=window.created_at,
        updated_at=window.updated_at,
        services=tuple(dict.fromkeys(scope.service.slug for scope in scopes)),
        places=tuple(dict.fromkeys(f"{scope.environment}/{scope.region}" for scope in scopes)),
        layers=tuple(dict.fromkeys(scope.layer for scope in scopes)),
        team=window.team.name,
        coordinator=window.coordinator.name,
        coordinator_email=window.coordinator.email,
        confidential=window.confidential,
        series_uid=str(window.series.uid) if window.series else "",
        series_zone=window.series.timezone if window.series else "",
        recurrence_id=window.recurrence_id,
    )


def spoken(status: str) -> str:
    return str(status).replace("_", " ")
