"""Verb of the schedule: ask the calendars that are due. A source is claimed, asked outside any transaction, and told what came of it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import transaction

from windows.access.roles import SCHEDULE
from windows.actions.ports import PortError
from windows.audit.clock import clock
from windows.audit.going_on import going_on
from windows.errors import Refused
from windows.ical_in.notices import Notice
from windows.scheduling.commands.calendars_in.conditional import Polled, fetch
from windows.scheduling.commands.calendars_in.taking import take
from windows.scheduling.commands.calendars_in.uploads import understood
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import CalendarSource, ChangeCalendar

EVERY = timedelta(minutes=15)
RARELY = timedelta(hours=6)  # the longest wait after failures
LONGEST = 30.0  # seconds after which one call asks no further source: the next tick goes on


def poll_due(longest: float = LONGEST) -> int:
    """Ask the sources that are due, one after another, those that have waited longest first, and none any more after `longest` seconds;
    how many. Several may run at once: each source is claimed by one."""
    asked, until = 0, time.monotonic() + longest
    while time.monotonic() < until and (source := claim()) is not None:
        asked += 1
        with going_on("poll a calendar", source=source.pk):
            try:
                polled = fetch(source, clock())
                keep_polled(source.pk, polled, None if polled.body is None else understood(polled.body))
            except (PortError, Refused) as error:
                keep_failed(source.pk, getattr(error, "detail", str(error)))
    return asked


@transaction.atomic(durable=True)
def claim() -> CalendarSource | None:
    """The source that has waited longest; until it is answered for, it counts as asked."""
    now = clock()
    due = CalendarSource.objects.select_for_update(skip_locked=True).filter(next_poll_at__lte=now).order_by("next_poll_at", "id")
    source = due.first()
    if source is not None:
        source.next_poll_at = now + EVERY
        source.save(update_fields=["next_poll_at"])
    return source


@one_transaction
def keep_polled(source_id: int, polled: Polled, notices: list[Notice] | None) -> None:
    """What the answer said, and that all is well."""
    source = CalendarSource.objects.select_for_update().filter(pk=source_id, removed_at=None).first()
    if source is None:
        return  # removed meanwhile
    if notices is not None:
        take(SCHEDULE, notices, via="poll", source=source)
    has_answered(source, polled, clock())
    source.save()


@one_transaction
def keep_failed(source_id: int, why: str) -> None:
    """What was known stays; it is asked again, more and more rarely."""
    source = CalendarSource.objects.select_for_update().filter(pk=source_id, removed_at=None).first()
    if source is None:
        return
    has_failed(source, why, clock())
    source.save()


def has_answered(source: CalendarSource | ChangeCalendar, polled: Polled, now: datetime) -> None:
    """All is well, on the row."""
    source.etag, source.last_modified, source.digest = polled.etag, polled.last_modified, polled.digest
    source.polled_at = source.succeeded_at = now
    source.failures, source.error, source.next_poll_at = 0, "", now + EVERY


def has_failed(source: CalendarSource | ChangeCalendar, why: str, now: datetime) -> None:
    """It is asked again, more and more rarely, on the row."""
    source.failures, source.polled_at = source.failures + 1, now
    source.error = " ".join(why.split())[:500].replace("\0", "")
    source.next_poll_at = now + wait(source.failures)


def wait(failures: int) -> timedelta:
    return min(EVERY * (1 << min(failures - 1, 10)), RARELY)
