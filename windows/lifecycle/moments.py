"""Times within sentences, as their reader's clock shows them. Sentences are kept with `2026-11-24 01:00 UTC`. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

UTC_TIMES = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?) UTC(?:( to | and )(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?) UTC)?")


def in_zone(text: str, zone: str, *, beside: bool = False) -> str:
    """`from Tue 24 Nov 02:00 to 04:00 CET`; `beside`: with the same in UTC in brackets behind it, where that is another clock.

    What only looks like a time stays as it is: people write into these sentences too."""
    there = ZoneInfo(zone)

    def put(found: re.Match[str]) -> str:
        try:
            a, b = (local(written, there) if written else None for written in (found[1], found[3]))
        except (ValueError, OverflowError):
            return found[0]
        assert a is not None
        if not beside:
            return spoken(a, found[2], b)
        return found[0] if not (a.utcoffset() or (b and b.utcoffset())) else f"{spoken(a, found[2], b)} ({found[0]})"

    return UTC_TIMES.sub(put, text)


def local(written: str, there: ZoneInfo) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC).astimezone(there)


def spoken(a: datetime, joint: str, b: datetime | None) -> str:
    day = f"{a:%a} {a.day} {a:%b %H:%M}{f':{a:%S}' if a.second else ''}"
    if b is None:
        return f"{day} {a.tzname()}"
    first = day if a.tzname() == b.tzname() else f"{day} {a.tzname()}"
    last = (f"{b:%H:%M}" if a.date() == b.date() else f"{b:%a} {b.day} {b:%b %H:%M}") + (f":{b:%S}" if b.second else "")
    return f"{first}{joint}{last} {b.tzname()}"
