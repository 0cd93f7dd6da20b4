"""A rule and its first wall-clock time, expanded over a period of wall-clock time. Pure, and every step of it is counted.

A rule's own period (a year, a month, a week by WKST, a day, an hour) is looked at whole: its days are held against every BY part,
joined with the times of day, and BYSETPOS picks from that. Where DTSTART does not itself follow the rule it is no occurrence.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import MAXYEAR, date, datetime, time, timedelta
from itertools import count, product

from windows.errors import Invalid
from windows.scheduling.recurrence.rules import Freq, Rule

MOST_WORK = 100_000  # days looked at and times yielded; about half a second
WEEK = 7
Span = tuple[datetime, int]  # where a period of the rule begins, and how many days it has


class Work:
    """What is left to spend. Every loop of the expansion spends here, so it ends."""

    def __init__(self, field: str, most: int = MOST_WORK) -> None:
        self.left, self.most, self.field = most, most, field

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise Invalid(
                f"This rule takes too long to work out. The limit is {self.most} steps; name fewer days or an end.", field=self.field
            )


def expand(rule: Rule, starts: datetime, since: datetime, until: datetime, work: Work) -> Iterator[datetime]:
    """The wall-clock times of the rule in [since, until), in order. `starts` is DTSTART; COUNT counts from there."""
    rule = completed(rule, starts)
    yielded = 0
    first = 0 if rule.count is not None else max(period_of(rule, starts, since) - 1, 0)
    for number in count(first):
        work.spend()
        span = spanned(rule, starts, number)
        if span is None or span[0] >= until:
            return
        for at in chosen(rule, candidates(rule, starts, span, work)):
            if at < starts:
                continue
            yielded += 1
            if at >= until or (rule.count is not None and yielded > rule.count):
                return
            if at >= since:
                yield at


def completed(rule: Rule, starts: datetime) -> Rule:
    """What the rule leaves open is read off its first time (RFC 5545 §3.3.10): the weekday of BYWEEKNO too."""
    named = bool(rule.by_year_day or rule.by_month_day or rule.by_day)
    told: dict[str, tuple[int, ...] | tuple[tuple[int | None, int], ...]] = {}
    if not named:
        if rule.freq is Freq.WEEKLY or rule.by_week:
            told["by_day"] = ((None, starts.weekday()),)
        elif rule.freq is Freq.MONTHLY or (rule.freq is Freq.YEARLY and rule.by_month):
            told["by_month_day"] = (starts.day,)
        elif rule.freq is Freq.YEARLY:
            told |= {"by_month": (starts.month,), "by_month_day": (starts.day,)}
    if not rule.by_hour and rule.freq is not Freq.HOURLY:
        told["by_hour"] = (starts.hour,)
    told["by_minute"] = rule.by_minute or (starts.minute,)
    told["by_second"] = rule.by_second or (starts.second,)
    return replaced(rule, **told)


def replaced(rule: Rule, **columns: object) -> Rule:
    return Rule(**{**{name: getattr(rule, name) for name in Rule.__slots__}, **columns})


def period_of(rule: Rule, starts: datetime, at: datetime) -> int:
    """The number of the rule's period in which a wall-clock time lies, or of one before it."""
    days = (at.date() - starts.date()).days
    match rule.freq:
        case Freq.YEARLY:
            steps = at.year - starts.year
        case Freq.MONTHLY:
            steps = (at.year - starts.year) * 12 + at.month - starts.month
        case Freq.WEEKLY:
            steps = days // WEEK
        case Freq.DAILY:
            steps = days
        case Freq.HOURLY:
            steps = (days - 1) * 24
    return steps // rule.interval


def spanned(rule: Rule, starts: datetime, number: int) -> Span | None:
    """Where the rule's period of that number begins, and its days; None after the last year there is."""
    steps, day = number * rule.interval, datetime.combine(starts.date(), time.min)
    try:
        match rule.freq:
            case Freq.YEARLY:
                year = starts.year + steps
                return datetime(year, 1, 1), 366 if isleap(year) else 365  # noqa: DTZ001  # wall-clock time
            case Freq.MONTHLY:
                year, month = divmod(starts.year * 12 + starts.month - 1 + steps, 12)
                return datetime(year, month + 1, 1), monthrange(year, month + 1)[1]  # noqa: DTZ001
            case Freq.WEEKLY:
                return day + timedelta(days=steps * WEEK - (day.weekday() - rule.week_start) % WEEK), WEEK
            case Freq.DAILY:
                return day + timedelta(days=steps), 1
            case Freq.HOURLY:
                return day + timedelta(hours=starts.hour + steps), 1
    except (ValueError, OverflowError):
        return None


def candidates(rule: Rule, starts: datetime, span: Span, work: Work) -> list[datetime]:
    """Every time of the period that all BY parts allow, in order."""
    begin, length = span
    work.spend(length)
    hours: tuple[int, ...] = rule.by_hour
    if rule.freq is Freq.HOURLY:
        hours = (begin.hour,) if not rule.by_hour or begin.hour in rule.by_hour else ()
    first = begin.date()
    fits = [day for day in (first + timedelta(days=n) for n in range(length) if first.toordinal() + n <= LAST) if allows(rule, day)]
    times = [time(*clock) for clock in product(hours, rule.by_minute, rule.by_second)] if fits else []
    work.spend(len(fits) * len(times))
    return [datetime.combine(day, clock) for day in fits for clock in times]


LAST = date(MAXYEAR, 12, 31).toordinal()


def chosen(rule: Rule, found: list[datetime]) -> list[datetime]:
    """What BYSETPOS picks."""
    if not rule.by_position:
        return found
    places = {at - 1 if at > 0 else len(found) + at for at in rule.by_position}
    return [found[place] for place in sorted(places) if 0 <= place < len(found)]


def allows(rule: Rule, day: date) -> bool:
    """Whether the day follows every BY part about days."""
    if rule.by_month and day.month not in rule.by_month:
        return False
    if rule.by_month_day and not counted(rule.by_month_day, day.day, monthrange(day.year, day.month)[1]):
        return False
    if rule.by_year_day and not counted(rule.by_year_day, *in_year(day)):
        return False
    if rule.by_week and not counted(rule.by_week, *week_of(day, rule.week_start)):
        return False
    return not rule.by_day or any(is_weekday(rule, which, weekday, day) for which, weekday in rule.by_day)


def counted(wanted: tuple[int, ...], place: int, length: int) -> bool:
    """Whether a place, counted from the begin or from the end, is wanted."""
    return place in wanted or place - length - 1 in wanted


def in_year(day: date) -> tuple[int, int]:
    return day.timetuple().tm_yday, 366 if isleap(day.year) else 365


def is_weekday(rule: Rule, which: int | None, weekday: int, day: date) -> bool:
    """Every such weekday; or the n-th of the month, or of the year where the rule is yearly and names no month."""
    if day.weekday() != weekday:
        return False
    if which is None:
        return True
    of_month = rule.freq is Freq.MONTHLY or bool(rule.by_month)
    place, length = (day.day, monthrange(day.year, day.month)[1]) if of_month else in_year(day)
    return which == ((place - 1) // WEEK + 1 if which > 0 else -((length - place) // WEEK + 1))


def week_of(day: date, week_start: int) -> tuple[int, int]:
    """The number of the day's week and how many its year has. Week 1 is the first with at least four days in the year."""
    for year in (day.year + 1, day.year, day.year - 1):
        begin = first_week(year, week_start)
        if begin <= day.toordinal():
            return (day.toordinal() - begin) // WEEK + 1, (first_week(year + 1, week_start) - begin) // WEEK
    raise AssertionError("unreachable")


def first_week(year: int, week_start: int) -> int:
    """The ordinal of the first day of week 1."""
    fourth = date(1, 1, 4).toordinal() + 365 * (year - 1) + (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400
    return fourth - (fourth - 1 - week_start) % WEEK
