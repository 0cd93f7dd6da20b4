"""What providers send, as bytes: MAINTNOTE notices and plain calendars."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

BEGINS = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3)


def at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def note(*instead: str, uid: str = "42", sequence: int | None = 1, status: str | None = "CONFIRMED", begins: datetime = BEGINS) -> bytes:
    """A whole notice by the standard's own example. `instead` are lines that replace those of the same name; an empty value removes it."""
    lines = [
        "SUMMARY:Splice of cable 7", f"DTSTART:{at(begins)}",
        f"DTEND:{at(begins + timedelta(hours=2))}", f"DTSTAMP:{at(BEGINS - timedelta(days=9))}",
        f"UID:{uid}", "X-MAINTNOTE-PROVIDER:Example.com", "X-MAINTNOTE-ACCOUNT:137.035999173", "X-MAINTNOTE-MAINTENANCE-ID:WorkOrder-31415",
        "X-MAINTNOTE-IMPACT:OUTAGE", "X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=NO-IMPACT:C-1", "X-MAINTNOTE-OBJECT-ID:C-2",
        'ORGANIZER;CN="Example NOC":mailto:noc@example.com',
    ]  # fmt: skip
    lines += [] if sequence is None else [f"SEQUENCE:{sequence}"]
    lines += [] if status is None else [f"X-MAINTNOTE-STATUS:{status}"]
    for line in instead:
        name = re.split("[;:]", line)[0]
        lines = [old for old in lines if re.split("[;:]", old)[0] != name]
        lines += [line] if line.partition(":")[2] else []
    return calendar("BEGIN:VEVENT", *lines, "END:VEVENT")


def event(uid: str, *lines: str, begins: datetime = BEGINS) -> list[str]:
    """A plain event of an hour."""
    return ["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:Works {uid}", f"DTSTART:{at(begins)}", "DURATION:PT1H", *lines, "END:VEVENT"]


def calendar(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *lines, "END:VCALENDAR")).encode()
