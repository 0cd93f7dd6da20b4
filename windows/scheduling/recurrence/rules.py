"""An RRULE as text, read into a Rule. Pure; whatever RFC 5545 does not allow, or we do not, is refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from windows.errors import Invalid

MOST_INSTANCES = 1000  # what one rule may yield in the period it is asked for
MOST_A_DAY = 96  # times of day that BYHOUR, BYMINUTE and BYSECOND may name together
LONGEST_RULE = 500  # characters
LARGEST_INTERVAL = 1000
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
WHOLE = re.compile(r"[+-]?\d{1,4}", re.ASCII)
PLAIN = re.compile(r"\d{1,6}", re.ASCII)
UNTIL = re.compile(r"(\d{8})(T(\d{6})(Z)?)?", re.ASCII)


class Freq(StrEnum):
    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"  # nothing more often: a window is minutes long at least


LISTS: Mapping[str, tuple[str, int, bool]] = {  # part → (its field, the largest number, whether it may count from the end)
    "BYSECOND": ("by_second", 59, False),
    "BYMINUTE": ("by_minute", 59, False),
    "BYHOUR": ("by_hour", 23, False),
    "BYMONTHDAY": ("by_month_day", 31, True),
    "BYYEARDAY": ("by_year_day", 366, True),
    "BYWEEKNO": ("by_week", 53, True),
    "BYMONTH": ("by_month", 12, False),
    "BYSETPOS": ("by_position", 366, True),
}
FROM_ZERO = {"BYSECOND", "BYMINUTE", "BYHOUR"}
KNOWN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", *LISTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One RRULE. `by_day` holds (which one or None for every, weekday 0–6 from Monday).

    `until` is a moment where the rule says Z, otherwise a wall-clock time; both are included.
    """

    freq: Freq
    text: str  # as it is stored: upper case, without "RRULE:"
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    by_second: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_day: tuple[tuple[int | None, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_position: tuple[int, ...] = ()
    week_start: int = 0


def parse_rule(given: object, field: str = "rrule") -> Rule:
    """Read an RRULE such as FREQ=MONTHLY;BYDAY=2TU, or raise Invalid that says which part is wrong and what would be right."""
    if not isinstance(given, str):
        raise Invalid("Write a rule as FREQ=WEEKLY;BYDAY=TU.", field=field)
    text = given.strip().upper().removeprefix("RRULE:")
    if len(text) > LONGEST_RULE:
        raise Invalid(f"A rule has at most {LONGEST_RULE} characters; this has {len(text)}.", field=field)
    parts = split(text, field)
    found: dict[str, Any] = {"freq": frequency(parts, field), "text": text}
    for name, read in READ.items():
        if name in parts:
            found |= read(parts[name], field)
    for name, (column, largest, from_end) in LISTS.items():
        if name in parts:
            found[column] = numbers(name, parts[name], largest, field, from_end=from_end)
    rule = Rule(**found)
    check(rule, field)
    return rule


def split(text: str, field: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        name, sign, value = part.partition("=")
        if not sign or not value:
            raise Invalid(f"“{part[:40]}” is no part of a rule. Write a rule as FREQ=WEEKLY;BYDAY=TU.", field=field)
        if name not in KNOWN:
            raise Invalid(f"A rule has no part “{name[:40]}”. It has: {', '.join(sorted(KNOWN))}.", field=field)
        if name in parts:
            raise Invalid(f"{name} stands twice.", field=field)
        parts[name] = value
    return parts


def frequency(parts: Mapping[str, str], field: str) -> Freq:
    if "FREQ" not in parts:
        raise Invalid("Say how often: FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.", field=field)
    if parts["FREQ"] in ("SECONDLY", "MINUTELY"):
        raise Invalid(f"FREQ={parts['FREQ']} is too often. The limit is FREQ=HOURLY.", field=field)
    try:
        return Freq(parts["FREQ"])
    except ValueError:
        raise Invalid(f"FREQ={parts['FREQ'][:40]} is none of: {', '.join(Freq)}.", field=field) from None


def interval(value: str, field: str) -> dict[str, Any]:
    return {"interval": between("INTERVAL", value, 1, LARGEST_INTERVAL, field)}


def count(value: str, field: str) -> dict[str, Any]:
    return {"count": between("COUNT", value, 1, MOST_INSTANCES, field)}


def between(name: str, value: str, least: int, most: int, field: str) -> int:
    if not PLAIN.fullmatch(value) or not least <= int(value) <= most:
        raise Invalid(f"{name}={value[:20]} is out of bounds. {name} is a whole number from {least} to {most}.", field=field)
    return int(value)


def until(value: str, field: str) -> dict[str, Any]:
    wrong = Invalid("Write UNTIL as 20271231T220000Z, or 20271231 for the whole day.", field=field)
    found = UNTIL.fullmatch(value)
    if found is None:
        raise wrong
    try:
        day = date(int(value[:4]), int(value[4:6]), int(value[6:8]))
        clock = found[3]
        at = time(int(clock[:2]), int(clock[2:4]), int(clock[4:])) if clock else time.max
    except ValueError:
        raise wrong from None
    return {"until": datetime.combine(day, at, tzinfo=UTC if found[4] else None)}


def days(value: str, field: str) -> dict[str, Any]:
    found: list[tuple[int | None, int]] = []
    for item in value.split(","):
        match = WEEKDAY.fullmatch(item)
        which = int(match[1]) if match and match[1] else None
        if match is None or which == 0 or abs(which or 1) > 53:
            raise Invalid(f"“{item[:20]}” is no weekday. Write BYDAY=TU, or BYDAY=2TU for the second, -1FR for the last.", field=field)
        found.append((which, DAYS.index(match[2])))
    return {"by_day": tuple(dict.fromkeys(found))}


def week_start(value: str, field: str) -> dict[str, Any]:
    if value not in DAYS:
        raise Invalid(f"WKST is one of {', '.join(DAYS)}.", field=field)
    return {"week_start": DAYS.index(value)}


READ: Mapping[str, Callable[[str, str], dict[str, Any]]] = {
    "INTERVAL": interval,
    "COUNT": count,
    "UNTIL": until,
    "BYDAY": days,
    "WKST": week_start,
}


def numbers(name: str, value: str, most: int, field: str, *, from_end: bool) -> tuple[int, ...]:
    least = 0 if name in FROM_ZERO else 1
    found = []
    for item in value.split(","):
        number = int(item) if WHOLE.fullmatch(item) else None
        if number is None or not (least <= number <= most or (from_end and -most <= number <= -1)):
            bounds = f"{least} to {most}" + (f", or -1 to -{most} from the end" if from_end else "")
            raise Invalid(f"{name}={item[:20]} is out of bounds. It takes {bounds}.", field=field)
        found.append(number)
    return tuple(sorted(set(found)))


def check(rule: Rule, field: str) -> None:
    """What RFC 5545 §3.3.10 forbids between parts, and our bound on times of day."""
    if rule.count is not None and rule.until is not None:
        raise Invalid("A rule has COUNT or UNTIL, not both.", field=field)
    if rule.by_week and rule.freq is not Freq.YEARLY:
        raise Invalid("BYWEEKNO goes with FREQ=YEARLY only.", field=field)
    if rule.by_year_day and rule.freq in (Freq.DAILY, Freq.WEEKLY, Freq.MONTHLY):
        raise Invalid(f"BYYEARDAY does not go with FREQ={rule.freq}.", field=field)
    if rule.by_month_day and rule.freq is Freq.WEEKLY:
        raise Invalid("BYMONTHDAY does not go with FREQ=WEEKLY.", field=field)
    if any(which is not None for which, _ in rule.by_day) and (rule.freq not in (Freq.MONTHLY, Freq.YEARLY) or rule.by_week):
        raise Invalid("The second Tuesday, 2TU, goes with FREQ=MONTHLY or YEARLY, and without BYWEEKNO.", field=field)
    others = (rule.by_second, rule.by_minute, rule.by_hour, rule.by_day, rule.by_month_day, rule.by_year_day, rule.by_week, rule.by_month)
    if rule.by_position and not any(others):
        raise Invalid("BYSETPOS picks from what another BY part yields: add one.", field=field)
    a_day = max(len(rule.by_hour), 1) * max(len(rule.by_minute), 1) * max(len(rule.by_second), 1)
    if a_day > MOST_A_DAY:
        raise Invalid(f"BYHOUR, BYMINUTE and BYSECOND name {a_day} times of day. The limit is {MOST_A_DAY}.", field=field)
