"""Events as notices of maintenance: MAINTNOTE where a provider speaks it (INTEROP §2), plain events otherwise. Pure.

Liberal where the standard's own receivers are: no STATUS means no change, no SEQUENCE is −1, a cancelled or completed notice needs
no objects. What is lacking all the same stands in `missing`, and a person sees to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from windows.ical_in.lines import Component, Property
from windows.ical_in.states import Impact, NoticeStatus
from windows.ical_in.values import When, Wrong, Zones, duration, items, plain, whole

LONGEST = timedelta(days=92)
OWN = "X-MAINTNOTE-"
STATUS = {
    "TENTATIVE": NoticeStatus.TENTATIVE, "CONFIRMED": NoticeStatus.CONFIRMED, "CANCELLED": NoticeStatus.CANCELLED,
    "IN-PROCESS": NoticeStatus.IN_PROCESS, "COMPLETED": NoticeStatus.COMPLETED, "RE-SCHEDULED": NoticeStatus.CONFIRMED,
}  # fmt: skip
IMPACT = {
    "NO-IMPACT": Impact.NO_IMPACT,
    "REDUCED-REDUNDANCY": Impact.REDUCED_REDUNDANCY,
    "DEGRADED": Impact.DEGRADED,
    "OUTAGE": Impact.OUTAGE,
}
OVER = frozenset({NoticeStatus.CANCELLED.value, NoticeStatus.COMPLETED.value})
MANDATORY = ("PROVIDER", "ACCOUNT", "MAINTENANCE-ID")
MOST_OBJECTS, LONGEST_LINK = 500, 1000


@dataclass(slots=True, kw_only=True)
class Notice:
    """Plain values, as they go over the pipe. `status` is empty where the provider says nothing of it: no change."""

    line: int
    maintnote: bool
    raw: str
    provider: str = ""
    account: str = ""
    references: list[str] = field(default_factory=list)
    uid: str = ""
    sequence: int = -1
    stamped_at: str = ""  # ISO, UTC
    status: str = ""
    impact: str = Impact.UNKNOWN.value
    title: str = ""
    link: str = ""
    objects: dict[str, str] = field(default_factory=dict)
    starts_at: str = ""
    ends_at: str = ""
    occurrence: str = ""  # RECURRENCE-ID in UTC
    wall_start: str = ""
    zone: str = ""
    rrule: str = ""
    rdates: list[str] = field(default_factory=list)  # wall-clock times
    exdates: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def notices(calendar: Component) -> list[Notice]:
    """One for every VEVENT of a calendar, in its order."""
    zones, method = Zones(calendar), calendar.value("METHOD").upper()
    return [notice(event, zones, method) for event in calendar.children if event.name == "VEVENT"]


def plain_values(found: list[Notice]) -> list[dict[str, Any]]:
    return [asdict(one) for one in found]


def notice(event: Component, zones: Zones, method: str) -> Notice:
    speaks = any(one.name.startswith(OWN) for one in event.properties)
    told = Notice(line=event.line, maintnote=speaks, raw=event.text(), uid=plain(event.value("UID")), title=plain(event.value("SUMMARY")))
    told.link = link(event.value("URL"))
    told.missing += [name for name, value in (("UID", told.uid), ("SUMMARY", told.title)) if not value]
    if event.value("SEQUENCE"):
        told.sequence = tried(told, "SEQUENCE", lambda: whole(event.value("SEQUENCE")), -1)
    if stamp := event.first("LAST-MODIFIED") or event.first("DTSTAMP"):
        told.stamped_at = tried(told, "", lambda: f"{zones.when(stamp).at.isoformat()}", "")
    (maintnote if speaks else plainly)(told, event)
    if method == "CANCEL" or event.value("STATUS").upper() == "CANCELLED":
        told.status = NoticeStatus.CANCELLED.value
    period(told, event, zones)
    if told.status in OVER:  # a cancellation may name nothing but itself
        told.missing = [name for name in told.missing if name not in ("SUMMARY", f"{OWN}OBJECT-ID", f"{OWN}IMPACT", f"{OWN}ACCOUNT")]
    return told


def link(text: str) -> str:
    return text if text.startswith(("https://", "http://")) and text.isprintable() and len(text) <= LONGEST_LINK else ""


def tried(told: Notice, name: str, read: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return read()
    except Wrong as error:
        if name:
            told.missing.append(f"{name}: {error}")
        return otherwise


def maintnote(told: Notice, event: Component) -> None:
    own = {name: plain(event.value(OWN + name), 200) for name in ("PROVIDER", "ACCOUNT", "IMPACT", "STATUS")}
    told.provider, told.account = own["PROVIDER"].lower()[:120], own["ACCOUNT"]
    primary_first = sorted(event.every(f"{OWN}MAINTENANCE-ID"), key=lambda one: one.parameter(f"{OWN}PRECEDENCE").upper() != "PRIMARY")
    told.references = [found for found in (plain(one.value, 200) for one in primary_first) if found][:50]
    told.objects = dict(named(one) for one in event.every(f"{OWN}OBJECT-ID")[:MOST_OBJECTS] if plain(one.value, 200))
    there = {"PROVIDER": told.provider, "ACCOUNT": told.account, "MAINTENANCE-ID": told.references, "OBJECT-ID": told.objects}
    told.missing += [OWN + name for name, value in there.items() if not value]
    if own["STATUS"] and own["STATUS"].upper() != "NO-CHANGE":
        told.status = STATUS[own["STATUS"].upper()].value if own["STATUS"].upper() in STATUS else ""
        if not told.status:
            told.missing.append(f"{OWN}STATUS: “{own['STATUS'][:40]}” is none of {', '.join(STATUS)}")
    if own["IMPACT"].upper() in IMPACT:
        told.impact = IMPACT[own["IMPACT"].upper()].value
    else:
        told.missing.append(f"{OWN}IMPACT: “{own['IMPACT'][:40]}” is none of {', '.join(IMPACT)}" if own["IMPACT"] else f"{OWN}IMPACT")


def named(one: Property) -> tuple[str, str]:
    """An object and the impact on it alone, empty where it has none of its own."""
    impact = IMPACT.get(one.parameter(f"{OWN}OBJECT-IMPACT").upper())
    return plain(one.value, 200), impact.value if impact else ""


def plainly(told: Notice, event: Component) -> None:
    """An event of anybody's calendar: its place, resources and categories are the objects it may be known by."""
    places = [plain(event.value("LOCATION"), 200)]
    lists = [items(one.value) for name in ("RESOURCES", "CATEGORIES") for one in event.every(name)]
    told.objects = dict.fromkeys([name for name in [*places, *(item for found in lists for item in found)] if name][:MOST_OBJECTS], "")
    told.status = (STATUS.get(event.value("STATUS").upper()) or NoticeStatus.CONFIRMED).value


def period(told: Notice, event: Component, zones: Zones) -> None:
    """When it is, and how it recurs; what does not add up is said."""
    begins, ends = event.first("DTSTART"), event.first("DTEND")
    if begins is None:
        told.missing.append("DTSTART")
        return
    start: When | None = tried(told, "DTSTART", lambda: zones.when(begins), None)
    if start is None:
        return
    told.wall_start, told.zone = start.wall.isoformat(), start.zone  # of use to a person even where the rest does not add up
    end: datetime | None
    if ends is not None:
        end = tried(told, "DTEND", lambda: zones.when(ends).at, None)
    elif event.value("DURATION"):
        end = tried(told, "DURATION", lambda: start.at + duration(event.value("DURATION")), None)
    else:
        end = start.at + timedelta(days=1) if start.all_day else None
        told.missing += [] if end else ["DTEND"]
    if end is None:
        return
    if end <= start.at or end - start.at > LONGEST:
        told.missing.append("DTEND: the end must come after the start, 92 days at most")
        return
    told.starts_at, told.ends_at = start.at.isoformat(), end.isoformat()
    if this := event.first("RECURRENCE-ID"):
        told.occurrence = tried(told, "RECURRENCE-ID", lambda: f"{zones.when(this).at:%Y%m%dT%H%M%SZ}", "")
    series(told, event, zones, start)


def series(told: Notice, event: Component, zones: Zones, start: When) -> None:
    told.rrule = event.value("RRULE")[:500]
    if len(event.every("RRULE")) > 1 or event.first("EXRULE"):
        told.missing.append("RRULE: one rule, and no EXRULE, is understood")
    told.rdates, told.exdates = dates(told, event, "RDATE", zones, start), dates(told, event, "EXDATE", zones, start)
    if (told.rrule or told.rdates) and not told.zone:
        told.missing.append("RRULE: a series needs a time zone of the IANA list")


def dates(told: Notice, event: Component, name: str, zones: Zones, start: When) -> list[str]:
    """The wall-clock times of a list, on the series' own clock."""
    try:
        return [wall_as(start, when) for one in event.every(name) for when in zones.moments(one)]
    except Wrong as error:
        told.missing.append(f"{name}: {error}")
        return []


def wall_as(start: When, when: When) -> str:
    return (when.at.astimezone(ZoneInfo(start.zone)).replace(tzinfo=None) if start.zone else when.wall).isoformat()
