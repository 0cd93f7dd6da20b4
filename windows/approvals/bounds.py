"""What a policy bounds: how long before its start a window is asked for, in which hours it lies, how long it takes. Pure.

A window beyond the bounds is refused, or takes one signature more, as the policy says. An emergency has no bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from windows.errors import Invalid
from windows.lifecycle.words import counted
from windows.scheduling.pre_authorised import DAYS, Hours, within

MOST_HOURS, MOST_MINUTES = 24 * 366, 7 * 24 * 60
KEYS = ("lead_hours", "longest_minutes", "hours", "else_role")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """None: not bounded. `else_role` signs for what is beyond; "" refuses it."""

    lead: timedelta | None = None
    longest: timedelta | None = None
    hours: Hours | None = None
    else_role: str = ""


UNBOUNDED = Bounds()


def bounds_of(stored: Mapping[str, Any]) -> Bounds:
    """Of what a policy keeps; checked when it was written."""
    return Bounds(
        lead=timedelta(hours=stored["lead_hours"]) if "lead_hours" in stored else None,
        longest=timedelta(minutes=stored["longest_minutes"]) if "longest_minutes" in stored else None,
        hours=hours_of(stored["hours"]) if "hours" in stored else None,
        else_role=stored.get("else_role", ""),
    )


def beyond(bounds: Bounds, begins: datetime, ends: datetime, now: datetime) -> list[str]:
    """What is beyond the bounds, each in a sentence; empty where nothing is."""
    found = []
    if bounds.lead is not None and begins - now < bounds.lead:
        hours = bounds.lead / timedelta(hours=1)
        found.append(f"It must be asked for {counted(hours, 'hour')} before it begins, and begins at {begins:%Y-%m-%d %H:%M} UTC.")
    if bounds.longest is not None and ends - begins > bounds.longest:
        found.append(f"It takes longer than {counted(bounds.longest // timedelta(minutes=1), 'minute')}.")
    if bounds.hours is not None and not within(begins, ends, bounds.hours):
        found.append(f"It is not within {bounds.hours.told}.")
    return found


def begins_within(begins: datetime, stored: Mapping[str, Any]) -> bool:
    """Whether a window begins in these hours, which a policy matches by."""
    return within(begins, begins + timedelta(microseconds=1), hours_of(stored))


def hours_of(stored: Mapping[str, Any]) -> Hours:
    opens, closes = (time.fromisoformat(stored[name]) if stored.get(name) else None for name in ("opens", "closes"))
    return Hours(tuple(stored.get("days", ())), opens, closes, stored.get("timezone", "UTC"))


def told_hours(stored: Mapping[str, Any]) -> str:
    return hours_of(stored).told


def checked_hours(given: object, at: str) -> dict[str, Any]:
    """{"days", "opens", "closes", "timezone"}, or Invalid naming the key. Both times or neither."""
    if not isinstance(given, Mapping) or set(given) - {"days", "opens", "closes", "timezone"}:
        raise Invalid("Write days, opens, closes and timezone.", field=at)
    days, zone = given.get("days", []), given.get("timezone", "UTC")
    if not isinstance(days, list | tuple) or any(day not in DAYS for day in days):
        raise Invalid(f"Days are of: {', '.join(DAYS)}.", field=f"{at}.days")
    times: dict[str, str] = {}
    for name in ("opens", "closes"):
        if given.get(name) in (None, ""):
            continue
        try:
            times[name] = f"{time.fromisoformat(str(given[name])):%H:%M}"
        except ValueError:
            raise Invalid("Write a time of day such as 22:00.", field=f"{at}.{name}") from None
    if len(times) == 1:
        raise Invalid("Say both when the hours begin and when they end.", field=f"{at}.{'closes' if 'opens' in times else 'opens'}")
    if not days and not times:
        raise Invalid("Say days, or hours, or both.", field=at)
    try:
        ZoneInfo(str(zone))
    except (ValueError, OSError, KeyError):
        raise Invalid("This is no time zone.", field=f"{at}.timezone") from None
    return {"days": list(days), **times, "timezone": str(zone)}


def checked_bounds(given: object, roles: frozenset[str]) -> dict[str, Any]:
    """A policy's `bounds`, or Invalid naming the key."""
    if not isinstance(given, Mapping) or set(given) - set(KEYS):
        raise Invalid(f"Bounds are: {', '.join(KEYS)}.", field="bounds")
    kept: dict[str, Any] = {}
    for name, most in (("lead_hours", MOST_HOURS), ("longest_minutes", MOST_MINUTES)):
        value = given.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise Invalid(f"Write a whole number from 1 to {most:,}.", field=f"bounds.{name}")
        kept[name] = value
    if given.get("hours"):
        kept["hours"] = checked_hours(given["hours"], "bounds.hours")
    if given.get("else_role"):
        if given["else_role"] not in roles:
            raise Invalid(f"“{str(given['else_role'])[:40]}” is no role that signs.", field="bounds.else_role")
        if not kept:
            raise Invalid("Without a bound nothing is beyond it.", field="bounds.else_role")
        kept["else_role"] = given["else_role"]
    return kept
