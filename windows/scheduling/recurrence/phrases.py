"""Rules as people say them: built from what a plain form offers, and told as a sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from windows.errors import Invalid
from windows.scheduling.recurrence.rules import DAYS, Freq, Rule, parse_rule

WEEK = 7
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
EVERY = {Freq.YEARLY: "year", Freq.MONTHLY: "month", Freq.WEEKLY: "week", Freq.DAILY: "day", Freq.HOURLY: "hour"}
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last", -2: "last but one"}
HOW = ("daily", "weekly", "monthly_day", "monthly_weekday", "monthly_last", "yearly", "own")


def built(
    how: str, starts: datetime, *, interval: str = "", weekdays: Sequence[str] = (), count: str = "", until: str = "", own: str = ""
) -> str:
    """The RRULE behind a form's choices for something that first happens at a wall-clock time; its parts are checked when it is parsed."""
    if how == "own":
        return own
    if how not in HOW:
        raise Invalid("Choose how it recurs.", field="how")
    day = DAYS[starts.weekday()]
    parts = {
        "daily": ["FREQ=DAILY"],
        "weekly": ["FREQ=WEEKLY", f"BYDAY={','.join([name for name in DAYS if name in weekdays] or [day])}"],
        "monthly_day": ["FREQ=MONTHLY"],
        "monthly_weekday": ["FREQ=MONTHLY", f"BYDAY={(starts.day - 1) // WEEK + 1}{day}"],
        "monthly_last": ["FREQ=MONTHLY", f"BYDAY=-1{day}"],
        "yearly": ["FREQ=YEARLY"],
    }[how]
    if interval.strip() not in ("", "1"):
        parts.append(f"INTERVAL={interval.strip()}")
    if count.strip():
        parts.append(f"COUNT={count.strip()}")
    if until.strip():
        try:
            parts.append(f"UNTIL={date.fromisoformat(until.strip()):%Y%m%d}")
        except ValueError:
            raise Invalid("Write the last day as 2027-12-31.", field="until") from None
    return ";".join(parts)


def spoken(rule: Rule | str) -> str:
    """A rule as a sentence without its full stop: "every 2 weeks on Tuesday". What it cannot say stands as it is."""
    rule = parse_rule(rule) if isinstance(rule, str) else rule
    if rule.by_second or rule.by_week or rule.by_year_day or rule.by_position:
        return f"by the rule {rule.text}"
    every = EVERY[rule.freq]
    told = f"every {every}" if rule.interval == 1 else f"every {rule.interval} {every}s"
    if rule.by_day:
        told += " on " + listed([weekday(which, day) for which, day in rule.by_day])
    if rule.by_month_day:
        told += " on " + listed([day_of_month(day) for day in rule.by_month_day])
    if rule.by_month:
        told += " in " + listed([MONTHS[month - 1] for month in rule.by_month])
    if rule.by_hour or rule.by_minute:
        told += " at " + listed([f"{hour:02d}:{minute:02d}" for hour in rule.by_hour or (0,) for minute in rule.by_minute or (0,)])
    if rule.count is not None:
        told += ", once" if rule.count == 1 else f", {rule.count} times"
    if rule.until is not None:
        told += f", until {rule.until:%-d %B %Y}{' UTC' if rule.until.tzinfo is UTC else ''}"
    return told


def weekday(which: int | None, day: int) -> str:
    if which is None:
        return WEEKDAYS[day]
    return f"the {ORDINALS.get(which) or f'{abs(which)}th' + (' last' if which < 0 else '')} {WEEKDAYS[day]}"


def day_of_month(day: int) -> str:
    return f"day {day}" if day > 0 else "the last day" if day == -1 else f"the {-day}th last day"


def listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
