"""The event that stands for a whole series in a feed: RRULE, and EXDATE for each occurrence that is not published. Pure.

Every published occurrence has an event of its own with its RECURRENCE-ID (it has its own state, reference and approvals), so the rule
only says what they have in common; it ends with the last one that is published, because what lies beyond is not known yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Event
from icalendar.prop import vRecur

from windows.errors import Invalid
from windows.scheduling.recurrence import localised, occurrences, read
from windows.scheduling.vevent import WITHOUT_RULES, second, speakable

COUNTED = re.compile(r";?(?:COUNT|UNTIL)=[^;]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """`walls` are the wall-clock times of its published occurrences; version and moment are the highest among them."""

    home: str
    uid: str
    title: str
    zone: str
    rrule: str
    lasts: timedelta
    walls: tuple[datetime, ...]
    sequence: int
    updated_at: datetime
    confidential: bool


def master(facts: SeriesFacts) -> bytes:
    """BEGIN:VEVENT … END:VEVENT. What it recurs to is exactly `walls`."""
    published = sorted(facts.walls)
    event = Event()
    event.add("uid", f"{facts.uid}@{facts.home.split('://')[-1].split('/')[0]}")
    event.add("dtstamp", second(facts.updated_at))
    event.add("last-modified", second(facts.updated_at))
    event.add("sequence", facts.sequence)
    begins = clocked(published[0], facts.zone)
    event.add("dtstart", begins)
    event.add("duration", facts.lasts)
    event.add("summary", speakable(facts.title))
    event.add("transp", "TRANSPARENT")
    event.add("class", "CONFIDENTIAL" if facts.confidential else "PUBLIC")
    rule, recurring = ruled(facts, published)
    if rule:
        event.add("rrule", vRecur.from_ical(rule))
    left_out, added = sorted(recurring - set(published)), [wall for wall in published if wall not in recurring]
    for name, walls in (("exdate", left_out), ("rdate", added)):
        if walls:
            event.add(name, [clocked(wall, facts.zone) for wall in walls])
    return bytes(event.to_ical())


def ruled(facts: SeriesFacts, published: list[datetime]) -> tuple[str, set[datetime]]:
    """The rule up to the last published occurrence, and every wall-clock time it gives; none where it cannot be told."""
    first, last = localised(published[0], facts.zone), localised(published[-1], facts.zone)
    if not facts.rrule or len(published) == 1:
        return "", {published[0]}
    rule = f"{COUNTED.sub('', facts.rrule).lstrip(';')};UNTIL={last.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    try:
        found = occurrences(read(published[0], facts.zone, rule), first, last + timedelta(seconds=1))
    except Invalid:
        return "", {published[0]}
    return rule, {one.wall for one in found} | {published[0]}


def clocked(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=UTC if zone in WITHOUT_RULES else ZoneInfo(zone))


def alarmed(blocks: Iterable[bytes], minutes: int) -> list[bytes]:
    """The same events with an alarm so long before; none where an event was called off."""
    alarm = (
        f"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Planned maintenance\r\nTRIGGER:-PT{minutes}M\r\nEND:VALARM\r\nEND:VEVENT".encode()
    )
    return [block if b"STATUS:CANCELLED" in block else block.replace(b"END:VEVENT", alarm) for block in blocks]
