"""Verb of the schedule: ask the calendars that are due. A source is claimed, asked outside any transaction, and told what came of it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from windows.access.roles import SCHEDULE
from windows.actions.ports import HttpAnswer, PortError
from windows.audit.clock import clock
from windows.audit.going_on import going_on
from windows.errors import Invalid, Refused
from windows.ical_in.notices import Notice
from windows.outbound.exchange import exchange
from windows.outbound.limits import Limits
from windows.scheduling.commands.calendars_in.taking import take
from windows.scheduling.commands.calendars_in.uploads import understood
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import CalendarSource

EVERY = timedelta(minutes=15)
RARELY = timedelta(hours=6)  # the longest wait after failures
PATIENCE = 20.0  # seconds for a whole answer
LONGEST = 30.0  # seconds after which one call asks no further source: the next tick goes on


@dataclass(frozen=True, slots=True)
class Polled:
    """What an answer holds: the notices, None where nothing changed; `digest` of its bytes, and what to ask with the next time."""

    notices: list[Notice] | None
    etag: str = ""
    last_modified: str = ""
    digest: str = ""


def poll_due(longest: float = LONGEST) -> int:
    """Ask the sources that are due, one after another, those that have waited longest first, and none any more after `longest` seconds;
    how many. Several may run at once: each source is claimed by one."""
    asked, until = 0, time.monotonic() + longest
    while time.monotonic() < until and (source := claim()) is not None:
        asked += 1
        with going_on("poll a calendar", source=source.pk):
            try:
                keep_polled(source.pk, fetch(source))
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


def fetch(source: CalendarSource) -> Polled:
    """Ask once. PortError where it may not or cannot be reached, Invalid where the answer is no calendar."""
    headers = {"User-Agent": "Roadworks", "Accept": "text/calendar, */*;q=0.1"}
    if is_stale(source, clock()):
        source.etag = source.last_modified = source.digest = ""
    if source.etag:
        headers["If-None-Match"] = source.etag
    if source.last_modified:
        headers["If-Modified-Since"] = source.last_modified
    answer = exchange("GET", source.url, Limits.of(PATIENCE, lambda: False), headers=headers, allowed=settings.HTTP_ALLOWED_HOSTS)
    if answer.status == 304:
        return Polled(None, source.etag, source.last_modified, source.digest)
    if answer.status != 200:
        raise Invalid(refusal(answer), field="url")
    digest = hashlib.sha256(answer.body).hexdigest()
    words = plain(answer, "etag", 300), plain(answer, "last-modified", 100)
    return Polled(None if digest == source.digest else understood(answer.body), *words, digest)


def is_stale(source: CalendarSource, now: datetime) -> bool:
    """Whether a calendar that never changes must be read again all the same: the horizon of its series has moved on by a month."""
    return source.succeeded_at is None or (source.succeeded_at.year, source.succeeded_at.month) != (now.year, now.month)


def plain(answer: HttpAnswer, name: str, longest: int) -> str:
    """A header's value where it can be sent back as it is."""
    value = answer.headers.get(name, "")
    return value if len(value) <= longest and value.isprintable() and value.isascii() else ""


def refusal(answer: HttpAnswer) -> str:
    if 300 <= answer.status < 400:
        return f"It answers {answer.status} and points to another address; redirects are not followed. Enter the final address."
    return f"It answers {answer.status} where 200 is expected."


@one_transaction
def keep_polled(source_id: int, polled: Polled) -> None:
    """What the answer said, and that all is well."""
    source = CalendarSource.objects.select_for_update().filter(pk=source_id, removed_at=None).first()
    if source is None:
        return  # removed meanwhile
    if polled.notices is not None:
        take(SCHEDULE, polled.notices, via="poll", source=source)
    now = clock()
    source.etag, source.last_modified, source.digest = polled.etag, polled.last_modified, polled.digest
    source.polled_at = source.succeeded_at = now
    source.failures, source.error, source.next_poll_at = 0, "", now + EVERY
    source.save()


@one_transaction
def keep_failed(source_id: int, why: str) -> None:
    """What was known stays; it is asked again, more and more rarely."""
    source = CalendarSource.objects.select_for_update().filter(pk=source_id, removed_at=None).first()
    if source is None:
        return
    now = clock()
    source.failures, source.polled_at = source.failures + 1, now
    source.error = " ".join(why.split())[:500].replace("\0", "")
    source.next_poll_at = now + wait(source.failures)
    source.save()


def wait(failures: int) -> timedelta:
    return min(EVERY * (1 << min(failures - 1, 10)), RARELY)
