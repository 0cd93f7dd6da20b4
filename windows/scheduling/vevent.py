"""One window as the bytes of one VEVENT, and the VTIMEZONE it refers to (INTEROP §3). Pure; written by the icalendar library.

The block is stored with the window at every edit that matters, so that a feed only joins bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress

from windows.lifecycle.states import Mode, WindowStatus
from windows.lifecycle.words import mode_in_words
from windows.scheduling.maintnote import properties

UNSPEAKABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
)  # refused at every door; a feed never breaks all the same
CALLED_OFF = frozenset(
    {WindowStatus.DRAFT, WindowStatus.REJECTED, WindowStatus.EXPIRED, WindowStatus.CANCELLED}
)  # a draft in a feed was withdrawn
WITHOUT_RULES = frozenset({"UTC", "Etc/UTC"})
IMPACT = {
    Mode.NORMAL: "Users should notice nothing.",
    Mode.DEGRADED: "Some functions are slower or missing.",
    Mode.THROTTLED: "Requests are limited in number.",
    Mode.REROUTED: "Traffic takes another way.",
    Mode.READ_ONLY: "Data can be read, not changed.",
    Mode.OFFLINE: "Not available.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """All a calendar says about a window. `home` is the portal's address, such as https://roadworks.example."""

    home: str
    reference: str
    uid: str
    title: str
    reason: str
    impact: str
    mode: str
    status: str
    change_type: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    sequence: int
    created_at: datetime
    updated_at: datetime
    services: tuple[str, ...]
    places: tuple[str, ...]  # environment/region
    layers: tuple[str, ...]
    team: str
    coordinator: str
    coordinator_email: str
    confidential: bool
    series_uid: str = ""  # an occurrence has the UID of its series,
    recurrence_id: str = ""  # and this wall-clock time of the series' zone as its own name
    series_zone: str = ""


def block(facts: EventFacts, *, keep_cancelled: bool = False, account: str = "") -> bytes:
    """BEGIN:VEVENT … END:VEVENT with CRLF. `keep_cancelled` says so in the title, not in STATUS, for clients that drop cancelled events;
    `account` makes it a MAINTNOTE notice for that consumer."""
    event = Event()
    host = facts.home.split("://")[-1].split("/")[0]
    cancelled = facts.status in CALLED_OFF
    status = "CANCELLED" if cancelled else "TENTATIVE" if facts.status == WindowStatus.REQUESTED else "CONFIRMED"
    title = speakable(f"{facts.reference}: {facts.title}")
    event.add("uid", f"{facts.series_uid or facts.uid}@{host}")
    if facts.recurrence_id:
        wall = datetime.fromisoformat(facts.recurrence_id)
        event.add("recurrence-id", wall.replace(tzinfo=UTC if facts.series_zone in WITHOUT_RULES else ZoneInfo(facts.series_zone)))
    event.add("dtstamp", second(facts.updated_at))
    event.add("last-modified", second(facts.updated_at))
    event.add("created", second(facts.created_at))
    event.add("sequence", facts.sequence)
    begins, ends = begin_and_end(facts)
    event.add("dtstart", begins)
    event.add("dtend", ends)
    event.add("summary", f"CANCELLED {title}" if cancelled and keep_cancelled else title)
    event.add("status", "CONFIRMED" if cancelled and keep_cancelled else status)
    event.add("description", speakable(describe(facts)))
    event.add("categories", [speakable(name) for name in ("maintenance", facts.mode, facts.change_type, *facts.services)])
    event.add("url", f"{facts.home}/windows/{facts.reference}")
    event.add("transp", "TRANSPARENT")
    event.add("class", "CONFIDENTIAL" if facts.confidential else "PUBLIC")
    if facts.coordinator_email:
        organizer = vCalAddress(f"mailto:{one_line(facts.coordinator_email)}")
        organizer.params["CN"] = one_line(facts.coordinator).replace('"', "'")
        event["organizer"] = organizer
    if account:
        told = properties(
            provider=host.split(":")[0], account=account, reference=facts.reference, services=facts.services, mode=facts.mode,
            status=facts.status,
        )  # fmt: skip
        for name, value in told:
            event.add(name, one_line(value))
    return bytes(event.to_ical())


def describe(facts: EventFacts) -> str:
    """The impact first: a notice must say what it means without a click."""
    impact = facts.impact or IMPACT[Mode(facts.mode)]
    lines = [
        impact,
        f"Mode: {mode_in_words(facts.mode)}. State: {facts.status.replace('_', ' ')}.",
        f"Services: {', '.join(facts.services)} ({', '.join(facts.places)}; {', '.join(facts.layers)}).",
        f"Team: {facts.team}. Coordinator: {facts.coordinator}.",
        f"Why: {facts.reason}",
    ]
    return "\n".join(lines)


def begin_and_end(facts: EventFacts) -> tuple[datetime, datetime]:
    """In the window's zone; both in UTC where one is the second of a doubled hour, which a local time with TZID cannot say."""
    pair = (second(facts.starts_at), second(facts.ends_at))
    if facts.timezone in WITHOUT_RULES:
        return pair
    begins, ends = (moment.astimezone(ZoneInfo(facts.timezone)) for moment in pair)
    return pair if begins.fold or ends.fold else (begins, ends)


@lru_cache(maxsize=256)
def timezone_block(name: str, first_year: int, last_year: int) -> bytes:
    """The VTIMEZONE of an IANA zone with the rules of these years; empty for UTC, which needs none.

    Written here, transition by transition: icalendar 7.3 tells the onset of summer time by the clock after it, an hour late for
    every reader, where RFC 5545 §3.6.5 wants the clock before it.
    """
    if name in WITHOUT_RULES:
        return b""
    zone = ZoneInfo(name)
    first, last = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    block = Timezone()
    block.add("tzid", name)
    before = first.astimezone(zone).utcoffset()
    for moment in (first, *transitions(zone, first, last)):
        after = moment.astimezone(zone)
        rule = TimezoneDaylight() if after.dst() else TimezoneStandard()
        rule.add("dtstart", (moment + (before or timedelta())).replace(tzinfo=None))
        rule.add("tzoffsetfrom", before)
        rule.add("tzoffsetto", after.utcoffset())
        rule.add("tzname", after.tzname())
        block.add_component(rule)
        before = after.utcoffset()
    return bytes(block.to_ical())


def transitions(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """The instants, to the second, at which the zone's clock changes."""

    def rules(moment: datetime) -> tuple[timedelta | None, str | None]:
        local = moment.astimezone(zone)
        return local.utcoffset(), local.tzname()

    day = first
    while day < last:
        early, late = day, day + timedelta(days=1)
        if rules(early) != rules(late):
            old = rules(early)
            while late - early > timedelta(seconds=1):
                middle = early + timedelta(seconds=int((late - early).total_seconds()) // 2)
                early, late = (middle, late) if rules(middle) == old else (early, middle)
            yield late
        day += timedelta(days=1)


def second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def speakable(text: str) -> str:
    return UNSPEAKABLE.sub(" ", text)


def one_line(text: str) -> str:
    return speakable(text).replace("\n", " ").replace("\t", " ")
