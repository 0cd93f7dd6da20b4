"""Verbs: keep a change calendar of somebody else's from a file, watch one by its address, take either away."""

from __future__ import annotations

import re

from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, Invalid, NotFound, TooLarge
from windows.ical_in.lines import LARGEST, Unreadable
from windows.ical_in.reading import Whole, read_whole
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.calendars_in.sources import address, host_of
from windows.scheduling.commands.change_periods import fill
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import ChangeCalendar
from windows.scheduling.queries.change_calendars import UNREAD

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MOST = 100


def keep_change_calendar(actor: Actor, name: str, raw: bytes) -> ChangeCalendar:
    """Make or replace a change calendar from a file, read in a child process: all of it or nothing.

    Invalid(field="name") for a name that is none; Invalid(field="file", line=…) for what is no calendar, names an unknown
    X-CALENDAR-TYPE, or has an event whose time cannot be told: a period that is left out would open what is closed. Conflict where the
    calendar is read from its address.
    """
    require_calendars(actor)
    called(name)
    return keep(actor, name, understood(raw))


def called(name: str) -> str:
    if not NAME.fullmatch(name) or len(name) > 63:
        raise Invalid("A calendar's name has small letters, digits and single dashes, such as payments-freeze.", field="name")
    return name


def understood(raw: bytes) -> Whole:
    if len(raw) > LARGEST:
        raise TooLarge(f"A file has at most {LARGEST // 1024} KiB; this one has {len(raw) // 1024}.", limit=LARGEST)
    try:
        return read_whole(raw)
    except Unreadable as error:
        raise Invalid(error.detail, field="file", line=error.line) from None


@one_transaction
def keep(actor: Actor, name: str, whole: Whole) -> ChangeCalendar:
    person, now = require_calendars(actor), clock()
    row = ChangeCalendar.objects.select_for_update().filter(name=name).first() or ChangeCalendar(name=name)
    if row.url:
        raise Conflict(f"{name} is read from its address. Take it away first, to keep it from files.", field="name")
    row.kept_by_id, row.kept_at = person, now
    is_new = row.pk is None
    fill(row, whole, now)
    if is_new:
        require_room()
    record(
        "change_calendar.kept", actor, str(row), data={"name": name, "opens_by_default": row.opens_by_default, "events": len(row.events)}
    )
    return row


@one_transaction
def watch_change_calendar(actor: Actor, name: str, url: str) -> ChangeCalendar:
    """A change calendar that is read from its address from now on; closed until it has been read. Conflict where there is one of that
    name, Invalid(field="url") for what is no address."""
    person, now = require_calendars(actor), clock()
    where = address(url)
    if not where:
        raise Invalid("Write its address, such as https://bank.example/changes.ics.", field="url")
    row, is_new = ChangeCalendar.objects.get_or_create(
        name=called(name),
        defaults={"opens_by_default": True, "url": where, "untold": UNREAD, "kept_by_id": person, "kept_at": now, "next_poll_at": now},
    )
    if not is_new:
        raise Conflict(f"There is a change calendar {name} already.", field="name")
    require_room()
    record("change_calendar.watched", actor, str(row), data={"name": name, "host": host_of(where)})
    return row


def require_room() -> None:
    if ChangeCalendar.objects.count() > MOST:
        raise Invalid(f"At most {MOST} change calendars are kept; take one away first.", field="name")


@one_transaction
def remove_change_calendar(actor: Actor, name: str) -> None:
    """From now on nobody can ask for it."""
    require_calendars(actor)
    row = ChangeCalendar.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise NotFound(f"There is no change calendar {name[:63]} here.")
    record("change_calendar.removed", actor, str(row), data={"name": row.name, "events": len(row.events)})
    row.delete()
