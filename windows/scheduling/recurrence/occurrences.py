"""A recurrence with its zone and exceptions, told as moments. Pure.

A series keeps its wall-clock time. Where the clock jumps over that time, the occurrence is moved forward by the jump (02:30
becomes 03:30: RFC 5545 §3.3.5); where it happens twice, it is the first. How long an occurrence lasts is not touched by either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from windows.errors import Invalid
from windows.scheduling.recurrence.expansion import MOST_WORK, Work, expand
from windows.scheduling.recurrence.rules import MOST_INSTANCES, Rule, parse_rule
from windows.scheduling.times import zone as zone_named

A_DAY = timedelta(days=1)  # more than any zone's clock ever jumps, and than any offset


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`starts` and the dates are wall-clock times of the zone. Without a rule only `starts` and the added dates occur."""

    starts: datetime
    zone: str
    rule: Rule | None
    added: frozenset[datetime] = frozenset()  # RDATE
    left_out: frozenset[datetime] = frozenset()  # EXDATE


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """`at` is the moment, `wall` the time that the rule says: the occurrence's own name for ever, as RECURRENCE-ID."""

    at: datetime
    wall: datetime


def read(
    starts: datetime,
    zone: str,
    rrule: str | None,
    added: Iterable[datetime] = (),
    left_out: Iterable[datetime] = (),
) -> Recurrence:
    """A recurrence from its parts; Invalid(field="rrule" | "rdates" | "exdates" | "timezone") says what is wrong."""
    zone_named(zone)
    more, fewer = frozenset(added), frozenset(left_out)
    for dates, field in ((more, "rdates"), (fewer, "exdates")):
        if len(dates) > MOST_INSTANCES:
            raise Invalid(f"At most {MOST_INSTANCES} dates; these are {len(dates)}.", field=field)
    return Recurrence(starts, zone, parse_rule(rrule) if rrule else None, more, fewer)


def occurrences(
    of: Recurrence, since: datetime, until: datetime, *, limit: int = MOST_INSTANCES, field: str = "rrule", most_work: int = MOST_WORK
) -> list[Occurrence]:
    """Every occurrence that begins in [since, until), in order. Invalid, naming the limit, where there are more or it takes too long."""
    own = zone_named(of.zone)
    low = wall_of(since, of) - A_DAY
    high = wall_of(until, of) + A_DAY
    found: dict[datetime, datetime] = {}
    walls = [at for at in {*of.added, *(() if of.rule else (of.starts,))} if low <= at < high]
    if of.rule is not None:
        walls += within(of.rule, of, low, high, Work(field, most_work))
    for wall in sorted(set(walls) - of.left_out):
        found.setdefault(localised(wall, of.zone), wall)  # two wall-clock times can be one moment after a jump: the first names it
    told = sorted(Occurrence(at, wall) for at, wall in found.items() if since <= at < until)
    if len(told) > limit:
        detail = (
            f"This recurrence has {len(told)} occurrences between {since.astimezone(own):%Y-%m-%d} and {until.astimezone(own):%Y-%m-%d}."
        )
        raise Invalid(f"{detail} The limit is {limit}.", field=field)
    return told


def within(rule: Rule, of: Recurrence, low: datetime, high: datetime, work: Work) -> list[datetime]:
    """The rule's wall-clock times in [low, high) up to its UNTIL."""
    last = rule.until
    found = []
    for wall in expand(rule, of.starts, low, high, work):
        if last is not None and (localised(wall, of.zone) > last if last.tzinfo else wall > last):
            break
        found.append(wall)
    return found


def localised(wall: datetime, zone: str) -> datetime:
    """The moment of a wall-clock time, in UTC: moved forward over a jump of the clock, the first of two."""
    own = zone_named(zone)
    try:
        return wall.replace(tzinfo=own, fold=0).astimezone(UTC)
    except OverflowError:
        raise Invalid("This time is too far away.", field="starts_at") from None


def wall_of(moment: datetime, of: Recurrence) -> datetime:
    """The wall-clock time of a moment, held a week inside what a clock can say."""
    least, most = datetime.min + 8 * A_DAY, datetime.max - 8 * A_DAY  # noqa: DTZ901
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    if not least <= naive <= most:
        return least if naive < least else most
    return moment.astimezone(zone_named(of.zone)).replace(tzinfo=None)
