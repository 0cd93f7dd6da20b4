"""When a scope is closed to changes, as a calendar in the form of AWS Change Calendar: open by default, every event a closed period."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from icalendar import Calendar, Event, Todo

from windows.scheduling.oracle import Closing


def change_calendar(closings: Iterable[Closing], scopes: str, host: str, now: datetime, until: datetime) -> bytes:
    """The closed periods until a moment; what has no known end lasts until then. Several scopes are closed while one of them is.

    A calendar without an event carries the placeholder that AWS puts into a new one.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//AWS//Change Calendar 1.0//EN")
    calendar.add("version", "2.0")
    calendar.add("x-calendar-type", "DEFAULT_OPEN")
    calendar.add("x-wr-caldesc", f"When {scopes} is closed to changes")
    calendar.add("x-wr-timezone", "UTC")
    for one in sorted(set(closings), key=lambda closing: (closing.begins, closing.who)):
        event = Event()
        event.add("uid", named(scopes, one.who, one.begins.isoformat(), host))
        event.add("dtstamp", now)
        event.add("dtstart", one.begins)
        event.add("dtend", min(one.ends, until) if one.ends else until)
        event.add("summary", one.who)
        event.add("description", one.why)
        event.add("categories", [one.advice.value])
        calendar.add_component(event)
    if not calendar.subcomponents:
        nothing = Todo()
        nothing.add("uid", named(scopes, "nothing", host))
        nothing.add("dtstamp", now)
        nothing.add("summary", "Nothing is closed")
        calendar.add_component(nothing)
    return bytes(calendar.to_ical())


def named(*facts: str) -> str:
    """The same closing has the same UID every time."""
    return f"{sha256(chr(31).join(facts).encode()).hexdigest()[:32]}@{facts[-1]}"
