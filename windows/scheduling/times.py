"""Points in time as people and programs write them. Pure: everything comes out zone-aware, or Invalid names the field.

RFC 3339 is taken strictly: an offset is `Z` or `+HH:MM`, a second is 0–59. A wall-clock time needs its zone; one that a
clock change skips is refused, one that happens twice must be chosen by `fold`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from windows.errors import Invalid
from windows.lifecycle.words import counted

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
FARTHEST = timedelta(days=5 * 366)  # nobody plans further; the year 9999 is a typing error
FIRST_YEAR, LAST_YEAR = 1900, 9000  # so that whoever adds days to a moment stays inside what a clock can say
EARLIER = timedelta(minutes=1)  # how far in the past a start may lie: forms take a while to send


@cache
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(name: object, field: str = "timezone") -> ZoneInfo:
    """An IANA zone by its name; Invalid otherwise."""
    if not isinstance(name, str) or name not in known_zones():
        raise Invalid(f"“{str(name)[:60]}” is no time zone of the IANA list, such as Europe/Berlin.", field=field)
    return ZoneInfo(name)


def parse(given: object, field: str) -> datetime:
    """A zone-aware moment, from a datetime or RFC 3339 text."""
    if isinstance(given, str):
        if not MOMENT.fullmatch(given.strip()):
            raise Invalid("Write a time as 2027-03-28T22:00:00+01:00.", field=field)
        try:
            given = datetime.fromisoformat(given.strip().upper())
        except ValueError:
            raise Invalid("There is no such time.", field=field) from None
    if not isinstance(given, datetime):
        raise Invalid("Write a time as 2027-03-28T22:00:00+01:00.", field=field)
    if given.utcoffset() is None:
        raise Invalid("Say in which zone: end the time with Z or an offset such as +01:00.", field=field)
    try:
        found = given.astimezone(UTC)
    except OverflowError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Invalid("This time is too far away.", field=field)
    return found


def comes_twice(text: str, zone_name: str) -> bool:
    """Whether the clock of that zone shows this local time twice; no where there is no such time or zone."""
    if zone_name not in known_zones() or not MOMENT.fullmatch(text.strip()):
        return False
    try:
        there = datetime.fromisoformat(text.strip().upper()).replace(tzinfo=ZoneInfo(zone_name))
    except ValueError:
        return False
    first, second = there.utcoffset(), there.replace(fold=1).utcoffset()
    return first is not None and second is not None and first > second


def from_wall(text: str, zone_name: str, field: str, fold: int | None = None) -> datetime:
    """A local time as a form gives it (no offset), in its zone, as UTC. `fold` picks the first (0) or second (1) of a doubled hour."""
    local = zone(zone_name)
    if not MOMENT.fullmatch(text.strip()):
        raise Invalid("Write a local time as 2027-03-28T22:00.", field=field)
    try:
        naive = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        raise Invalid("There is no such time.", field=field) from None
    if naive.tzinfo is not None:
        return parse(naive, field)
    try:
        both = [naive.replace(tzinfo=local, fold=which).astimezone(UTC) for which in (0, 1)]
    except OverflowError:
        raise Invalid("This time is too far away.", field=field) from None
    real = [moment for moment in both if moment.astimezone(local).replace(tzinfo=None) == naive]
    if not real:
        raise Invalid(f"The clock in {zone_name} jumps over {naive:%H:%M} on {naive:%Y-%m-%d}. Choose a time before or after.", field=field)
    if both[0] != both[1] and fold is None:
        raise Invalid(
            f"{naive:%H:%M} happens twice in {zone_name} on {naive:%Y-%m-%d}. Say which: the first (fold 0) or the second (fold 1).",
            field=field,
        )
    return both[fold or 0]


def wall(moment: datetime, zone_name: str) -> str:
    """The local time of a moment as the window's wall-clock columns hold it."""
    return moment.astimezone(zone(zone_name)).strftime("%Y-%m-%dT%H:%M:%S")


def check_period(starts_at: datetime, ends_at: datetime, *, longest: timedelta, now: datetime, start_is_new: bool = True) -> None:
    """Invalid where a planned period cannot be: end before start, too long, in the past, absurdly far."""
    if ends_at <= starts_at:
        raise Invalid("The end must come after the start.", field="ends_at")
    if ends_at - starts_at > longest:
        hours = longest.total_seconds() / 3600
        raise Invalid(
            f"A window lasts at most {counted(hours, 'hour')}; this one would last {(ends_at - starts_at).total_seconds() / 3600:g}.",
            field="ends_at",
        )
    if start_is_new and starts_at < now - EARLIER:
        raise Invalid("The start lies in the past.", field="starts_at")
    for moment, field in ((starts_at, "starts_at"), (ends_at, "ends_at")):
        if moment - now > FARTHEST:
            raise Invalid("Windows are planned at most five years ahead.", field=field)
