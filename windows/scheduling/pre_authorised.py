"""Whether a standard change is what its template allows. Pure; says in sentences what is beyond it.

A template's hours are wall-clock hours of its own zone: a window belongs to the day on which those hours opened, also past
midnight, and must end before they close. Without hours, every day it touches must be allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from windows.lifecycle.words import counted

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")  # as RFC 5545 names them, Monday first
WORDS = dict(zip(DAYS, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))


@dataclass(frozen=True, slots=True)
class Hours:
    """When it may be done. No day means any; no time of day means all day."""

    days: tuple[str, ...] = ()
    opens: time | None = None
    closes: time | None = None
    timezone: str = "UTC"

    @property
    def told(self) -> str:
        days = ", ".join(WORDS[day] for day in DAYS if day in self.days) or "any day"
        if self.opens is None or self.closes is None:
            return f"{days}, at any hour"
        return f"{days}, {self.opens:%H:%M} to {self.closes:%H:%M} ({self.timezone})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be done: places as service/environment/region/layer, the runbook version by its digest."""

    scope: frozenset[str]
    mode: str
    runbook: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    expected: frozenset[str] = frozenset()  # alerts that become tickets, each as its line


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a template authorises: this change, so long at most, in these hours."""

    change: Change
    longest: timedelta
    hours: Hours


def service_in(place: str) -> str:
    return place.partition("/")[0]


def agreed(authorised: Mapping[str, str], owners: Mapping[str, str]) -> frozenset[str]:
    """The places still authorised: `authorised` says for each which team agreed, `owners` which team each service has now."""
    return frozenset(place for place, team in authorised.items() if owners.get(service_in(place)) == team)


def beyond(asked: Change, begins: datetime, ends: datetime, template: Allowed) -> list[str]:
    """What a window does that its template does not allow; empty where it is the change that was authorised."""
    found, allowed = [], template.change
    if further := sorted(asked.scope - allowed.scope):
        found.append(f"It also touches {further[0]}" + (f" and {len(further) - 1} more." if len(further) > 1 else "."))
    if asked.mode != allowed.mode:
        found.append(f"Users get {asked.mode}, not {allowed.mode}.")
    if asked.runbook != allowed.runbook:
        found.append("Its runbook, or the version of it, is another.")
    elif dict(asked.parameters) != dict(allowed.parameters):
        found.append("Its parameters are others.")
    if quieter := sorted(asked.expected - allowed.expected):
        found.append(f"It makes an alert quieter that the template does not name: {quieter[0]}.")
    if ends - begins > template.longest:
        found.append(f"It takes longer than {counted(template.longest // timedelta(minutes=1), 'minute')}.")
    if not within(begins, ends, template.hours):
        found.append(f"It is not within {template.hours.told}.")
    return found


def within(begins: datetime, ends: datetime, hours: Hours) -> bool:
    """Whether the whole period lies in the hours of an allowed day."""
    zone = ZoneInfo(hours.timezone)
    begin, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in (begins, ends))
    day = begin.date()
    if hours.opens is None or hours.closes is None:
        length = max(end - begin, timedelta(microseconds=1))  # midnight belongs to the day that begins, and touches it not
        last = min((begin + length - timedelta(microseconds=1)).date(), day + timedelta(days=6))  # a week has touched them all
        return all(is_allowed(day + timedelta(days=n), hours) for n in range((last - day).days + 1))
    if begin.time() < hours.opens:
        day -= timedelta(days=1)  # what opened yesterday evening may be open still
    closes = datetime.combine(day, hours.closes)
    if hours.closes <= hours.opens:
        closes += timedelta(days=1)
    return is_allowed(day, hours) and end <= closes


def is_allowed(day: date, hours: Hours) -> bool:
    return not hours.days or DAYS[day.weekday()] in hours.days
