"""Values of iCalendar properties: text, durations, and moments in whichever zone they were written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from windows.ical_in.lines import Component, Property

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?", re.ASCII)
DURATION = re.compile(r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?", re.ASCII)
EARLIEST, LATEST = 1990, 2100  # a year outside is a slip of somebody's program


class Wrong(ValueError):
    """A value that is there and cannot be; the text says why."""


@dataclass(frozen=True, slots=True)
class When:
    """A moment as it was written: `wall` in `zone` (an IANA name; empty where only the file itself defines it), `at` in UTC."""

    at: datetime
    wall: datetime
    zone: str
    all_day: bool


def plain(text: str, longest: int = 500) -> str:
    """A TEXT value on one line without control characters."""
    unescaped = ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)
    return " ".join(CONTROL.sub(" ", unescaped).split())[:longest]


def items(text: str) -> list[str]:
    """A list of TEXT values: commas separate, escaped ones do not."""
    return [found for found in (plain(part, 200) for part in re.split(r"(?<!\\),", text)) if found]


def whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
        raise Wrong(f"“{text[:30]}” is no whole number")
    return int(text)


def duration(text: str) -> timedelta:
    found = DURATION.fullmatch(text.strip().upper())
    if found is None or not any(found.groups()[1:]):
        raise Wrong(f"“{text[:30]}” is no duration")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if found[1] == "-" else length


class Zones:
    """The zones of one calendar: known ones by name, others by the VTIMEZONE it brings, local time by X-WR-TIMEZONE."""

    def __init__(self, calendar: Component) -> None:
        self.defined = {one.value("TZID"): one for one in calendar.children if one.name == "VTIMEZONE"}
        self.home = known(calendar.value("X-WR-TIMEZONE"))
        self.built: dict[str, tzinfo] = {}

    def when(self, one: Property) -> When:
        return self.moments(one)[0]

    def moments(self, one: Property) -> list[When]:
        return [self.moment(part, one.parameter("TZID")) for part in one.value.split(",")[:1000]]

    def moment(self, text: str, name: str) -> When:
        found = MOMENT.fullmatch(text.strip())
        if found is None:
            raise Wrong(f"“{text[:40]}” is no time")
        year, month, day = (int(part) for part in found.groups()[:3])
        if not EARLIEST <= year <= LATEST:
            raise Wrong(f"the year {year} is out of reach")
        try:
            if found[4] is None:
                wall = datetime.combine(date(year, month, day), time())
                return When(wall.replace(tzinfo=ZoneInfo(self.home or "UTC")).astimezone(UTC), wall, self.home or "UTC", True)
            clock = [int(part) for part in found.groups()[3:6]]
            wall = datetime(year, month, day, clock[0], clock[1], min(clock[2], 59))  # noqa: DTZ001 — a leap second is the one before
        except ValueError:
            raise Wrong(f"there is no time “{text[:40]}”") from None
        if found[7]:
            return When(wall.replace(tzinfo=UTC), wall, "UTC", False)
        return self.local(wall, name)

    def local(self, wall: datetime, name: str) -> When:
        zone = known(name) if name else self.home
        if zone:
            return When(wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), wall, zone, False)
        if not name:
            raise Wrong("the time names no zone")
        if name not in self.built:
            if name not in self.defined:
                raise Wrong(f"the time zone “{name[:60]}” is neither known nor defined in the file")
            self.built[name] = built(self.defined[name])
        return When(wall.replace(tzinfo=self.built[name]).astimezone(UTC), wall, "", False)


@cache
def known(name: str) -> str:
    """The IANA name of a zone: as it is, at the end of a path (/citadel.org/…/Europe/Berlin), or as Windows calls it."""
    name = name.strip().strip('"')
    if name in WINDOWS_TO_OLSON:
        return WINDOWS_TO_OLSON[name]
    parts = name.split("/")
    ends = ("/".join(parts[-length:]) for length in (len(parts), 3, 2, 1))
    return next((end for end in ends if end and end in available_timezones()), "")


def built(zone: Component) -> tzinfo:
    try:
        found = Timezone.from_ical("\r\n".join(zone.raw) + "\r\n")
        if not isinstance(found, Timezone):
            raise Wrong("its time zone is defined by something else")
        rules: tzinfo = found.to_tz()
        return rules
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, AssertionError) as error:
        raise Wrong(f"its time zone cannot be read: {error}") from None
