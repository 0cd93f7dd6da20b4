"""Verb of the schedule: ask the change calendars that are read from their address and are due."""

from __future__ import annotations

import time

from django.db import transaction

from windows.access.roles import SCHEDULE
from windows.actions.ports import PortError
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.errors import Refused
from windows.ical_in.reading import Whole
from windows.scheduling.commands.calendars_in.conditional import Polled, fetch
from windows.scheduling.commands.calendars_in.polls import EVERY, LONGEST, has_answered, has_failed
from windows.scheduling.commands.change_calendars import understood
from windows.scheduling.commands.change_periods import fill
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import ChangeCalendar


def poll_change_calendars(longest: float = LONGEST) -> int:
    """Ask those that are due, the longest waiting first, and none any more after `longest` seconds; how many."""
    asked, until = 0, time.monotonic() + longest
    while time.monotonic() < until and (row := claim()) is not None:
        asked += 1
        with going_on("poll a change calendar", calendar=row.name):
            try:
                polled = fetch(row, clock())
            except (PortError, Refused) as error:
                keep_failed(row.pk, getattr(error, "detail", str(error)))
                continue
            try:
                keep_polled(row.pk, polled, None if polled.body is None else understood(polled.body))
            except Refused as error:
                keep_failed(row.pk, error.detail, untold=True)
    return asked


@transaction.atomic(durable=True)
def claim() -> ChangeCalendar | None:
    now = clock()
    due = ChangeCalendar.objects.select_for_update(skip_locked=True).filter(next_poll_at__lte=now).order_by("next_poll_at", "pk")
    row = due.first()
    if row is not None:
        ChangeCalendar.objects.filter(pk=row.pk).update(next_poll_at=now + EVERY)
    return row


@one_transaction
def keep_polled(calendar_id: int, polled: Polled, whole: Whole | None) -> None:
    """What the answer said in place of what was known; an entry where it said something else than before."""
    row = ChangeCalendar.objects.select_for_update().filter(pk=calendar_id).exclude(url="").first()
    if row is None:
        return  # taken away meanwhile
    now = clock()
    has_answered(row, polled, now)
    if whole is None:
        row.save()
        return
    before = (row.opens_by_default, row.events, row.untold)
    fill(row, whole, now)
    if before != (row.opens_by_default, row.events, row.untold):
        data = {"name": row.name, "opens_by_default": row.opens_by_default, "events": len(row.events)}
        record("change_calendar.read", SCHEDULE, str(row), data=data)


@one_transaction
def keep_failed(calendar_id: int, why: str, *, untold: bool = False) -> None:
    """What was known counts for a while; not where an answer came that cannot be told: it may close what is open so far."""
    row = ChangeCalendar.objects.select_for_update().filter(pk=calendar_id).exclude(url="").first()
    if row is None:
        return
    has_failed(row, why, clock())
    if untold and row.untold != row.error:
        row.untold, row.digest, row.etag, row.last_modified = row.error, "", "", ""
        record("change_calendar.untold", SCHEDULE, str(row), data={"name": row.name, "why": row.error})
    row.save()
