"""Verbs: keep a change calendar of somebody else's, take it away."""

from __future__ import annotations

import re
from dataclasses import asdict, replace

from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Invalid, NotFound, TooLarge
from windows.ical_in.lines import LARGEST, Unreadable
from windows.ical_in.notices import Notice
from windows.ical_in.reading import Whole, read_whole
from windows.scheduling import texts
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import ChangeCalendar
from windows.scheduling.unfolding import unfold

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MOST = 100
TYPES = {"": True, "DEFAULT_OPEN": True, "DEFAULT_CLOSED": False}
OF_ITS_TIME = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")


def keep_change_calendar(actor: Actor, name: str, raw: bytes) -> ChangeCalendar:
    """Make or replace a change calendar from a file, read in a child process: all of it or nothing.

    Invalid(field="name") for a name that is none; Invalid(field="file", line=…) for what is no calendar, names an unknown
    X-CALENDAR-TYPE, or has an event whose time cannot be told: a period that is left out would open what is closed.
    """
    require_calendars(actor)
    if not NAME.fullmatch(name) or len(name) > 63:
        raise Invalid("A calendar's name has small letters, digits and single dashes, such as payments-freeze.", field="name")
    if len(raw) > LARGEST:
        raise TooLarge(f"A file has at most {LARGEST // 1024} KiB; this one has {len(raw) // 1024}.", limit=LARGEST)
    try:
        whole = read_whole(raw)
    except Unreadable as error:
        raise Invalid(error.detail, field="file", line=error.line) from None
    return keep(actor, name, whole)


@one_transaction
def keep(actor: Actor, name: str, whole: Whole) -> ChangeCalendar:
    person, now = require_calendars(actor), clock()
    if len(whole.types) != 1 or whole.types[0] not in TYPES:
        said = f"“{whole.types[0][:40]}”" if len(whole.types) == 1 else f"{len(whole.types)} calendars"
        raise Invalid(f"Send one calendar, its X-CALENDAR-TYPE DEFAULT_OPEN or DEFAULT_CLOSED; this is {said}.", field="file")
    events = [told(one) for one in whole.notices]
    for one in unfold(events, now).incomplete:
        raise Invalid(f"When this event is cannot be told: {'; '.join(one.missing)}.", field="file", line=one.line)
    columns = {
        "description": texts.line(whole.titles[0], "file", longest=200),
        "opens_by_default": TYPES[whole.types[0]],
        "events": [asdict(one) for one in events],
        "kept_by_id": person,
        "kept_at": now,
    }
    row, new = ChangeCalendar.objects.update_or_create(name=name, defaults=columns)
    if new and ChangeCalendar.objects.count() > MOST:
        raise Invalid(f"At most {MOST} change calendars are kept; take one away first.", field="name")
    record("change_calendar.kept", actor, str(row), data={"name": name, "opens_by_default": row.opens_by_default, "events": len(events)})
    return row


def told(one: Notice) -> Notice:
    """Of an event only its time counts; what a notice of maintenance would lack besides is nothing here."""
    lacking = [name for name in one.missing if name.startswith(OF_ITS_TIME)]
    return replace(one, provider="calendar", uid=one.uid or f"line {one.line}", raw="", objects={}, references=[], missing=lacking)


@one_transaction
def remove_change_calendar(actor: Actor, name: str) -> None:
    """From now on nobody can ask for it."""
    require_calendars(actor)
    row = ChangeCalendar.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise NotFound(f"There is no change calendar {name[:63]} here.")
    record("change_calendar.removed", actor, str(row), data={"name": row.name, "events": len(row.events)})
    row.delete()
