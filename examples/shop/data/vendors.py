"""What a provider announced: a maintenance that meets a draft of ours, and a notice that lacks what a person must find out. And the change
calendar of the bank, which closes on Sunday nights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from examples.shop.data.people import acting
from windows.audit.clock import clock
from windows.scheduling.commands.calendars_in.objects import map_object
from windows.scheduling.commands.calendars_in.sources import add_source
from windows.scheduling.commands.calendars_in.uploads import bring_in
from windows.scheduling.commands.change_calendars import keep_change_calendar
from windows.scheduling.models import CalendarSource, ExternalWindow

NAME, PROVIDER = "Northlink circuits", "northlink.example"
WHOLE = """\
BEGIN:VEVENT
SUMMARY:Splice of the cable below the harbour
UID:northlink-7731
SEQUENCE:1
DTSTAMP:{stamp}
DTSTART:{start}
DTEND:{end}
X-MAINTNOTE-PROVIDER:{provider}
X-MAINTNOTE-ACCOUNT:shop
X-MAINTNOTE-MAINTENANCE-ID:NL-7731
X-MAINTNOTE-IMPACT:DEGRADED
X-MAINTNOTE-STATUS:CONFIRMED
X-MAINTNOTE-OBJECT-ID:NL-EUW-0042
END:VEVENT
"""
LACKING = """\
BEGIN:VEVENT
SUMMARY:Card scheme gateway: new certificates
UID:northlink-7740
DTSTAMP:{stamp}
DTSTART:{later}
X-MAINTNOTE-PROVIDER:{provider}
X-MAINTNOTE-ACCOUNT:shop
X-MAINTNOTE-MAINTENANCE-ID:NL-7740
X-MAINTNOTE-STATUS:TENTATIVE
END:VEVENT
"""
BANK = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//AWS//Change Calendar 1.0//EN
X-CALENDAR-TYPE:DEFAULT_OPEN
X-WR-CALDESC:The bank settles the week's payments
BEGIN:VEVENT
UID:settlement
DTSTAMP:{stamp}
SUMMARY:Weekly settlement
DTSTART:20260104T200000Z
DTEND:20260105T020000Z
RRULE:FREQ=WEEKLY
END:VEVENT
END:VCALENDAR
"""


def load() -> None:
    if CalendarSource.objects.filter(provider=PROVIDER).exists():
        return
    sre, midnight = acting("chiara"), clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    source = add_source(sre, NAME, PROVIDER, is_example=True)
    map_object(sre, PROVIDER, "NL-EUW-0042", "checkout", environment="production", region="eu-west")
    times = {"stamp": midnight, "start": midnight + timedelta(days=7, hours=3), "end": midnight + timedelta(days=7, hours=6)}
    said = {name: written(at) for name, at in (times | {"later": midnight + timedelta(days=13, hours=22)}).items()} | {"provider": PROVIDER}
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Roadworks example//EN\n{WHOLE}{LACKING}END:VCALENDAR\n".format(**said)
    bring_in(sre, text.replace("\n", "\r\n").encode(), source_id=source.pk)
    ExternalWindow.objects.filter(source=source).update(is_example=True)
    keep_change_calendar(sre, "bank", BANK.format(stamp=written(midnight)).replace("\n", "\r\n").encode())


def written(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"
