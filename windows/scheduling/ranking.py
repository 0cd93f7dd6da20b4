"""Free slots, ranked, each with its reasons. Pure: the conflicts of a period come in as a function.

A cost of 1 is what a slot at the service's mean traffic costs. Hard conflicts exclude; everything else adds its cost and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from windows.scheduling.conflicts import ConflictFinding, Severity

STEP = timedelta(minutes=30)
LONGEST_SEARCH = timedelta(days=31)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK_HOURS = 168
SOFT = 1.0
ADVISORY = 0.2
OFF_HOURS = 0.3  # a person outside Monday to Friday, 8 to 18
NIGHT = 0.5  # 22 to 6: mistakes are made
A_DAY_AWAY = 0.05


@dataclass(frozen=True, slots=True)
class Traffic:
    """One service's mean traffic by hour of the week (0 is Monday 00:00 UTC) as a share of its weekly mean; None: not known."""

    service: str
    shares: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is looked for. `people` are (name, zone): who runs it, who is on call. `budget` is the least share of an error budget left,
    None where there is none. `asked` is the begin that was asked for, None: as early as can be. `a_day_away` is what a day apart from
    that costs."""

    since: datetime
    until: datetime
    length: timedelta
    people: tuple[tuple[str, str], ...] = ()
    traffic: tuple[Traffic, ...] = ()
    budget: float | None = None
    asked: datetime | None = None
    a_day_away: float = A_DAY_AWAY


@dataclass(frozen=True, slots=True)
class Reason:
    """`kind` is traffic, conflict, people, lateness (how far from what was asked for, either way) or budget."""

    kind: str
    words: str
    cost: float


@dataclass(frozen=True, slots=True)
class Slot:
    """`traffic` is its share of the mean, None where nothing is known of it."""

    begins: datetime
    ends: datetime
    cost: float
    traffic: float | None
    reasons: tuple[Reason, ...] = field(default_factory=tuple)
    is_earliest: bool = False


Judge = Callable[[datetime, datetime], list[ConflictFinding]]


def rank(wish: Wish, judge: Judge, limit: int = 5) -> list[Slot]:
    """The best slots, the cheapest first, no two of them at the same time; the earliest free one is always among them, or the one
    nearest to the begin that was asked for.

    Looks at every half hour of at most 31 days, so its work is bounded. Empty where every slot is refused.
    """
    free = [slot for begins in starts(wish) if (slot := weighed(wish, begins, judge)) is not None]
    if not free:
        return []
    free[0] = replace(free[0], is_earliest=True)
    asked = wish.asked or free[0].begins
    chosen = [min(free, key=lambda slot: abs(slot.begins - asked))]
    for slot in sorted(free, key=lambda slot: (slot.cost, slot.begins)):
        if len(chosen) == limit:
            break
        if all(slot.ends <= other.begins or other.ends <= slot.begins for other in chosen):
            chosen.append(slot)
    return sorted(chosen, key=lambda slot: (slot.cost, slot.begins))


def next_free(wish: Wish, judge: Judge) -> Slot | None:
    """The first slot that meets neither a hard nor a soft conflict."""
    for begins in starts(wish):
        if all(finding.severity is Severity.ADVISORY for finding in judge(begins, begins + wish.length)):
            return weighed(wish, begins, judge)
    return None


def starts(wish: Wish) -> Iterator[datetime]:
    """Every full and half hour at which it could begin and still end in time."""
    begin = datetime.fromtimestamp(-(-wish.since.timestamp() // STEP.total_seconds()) * STEP.total_seconds(), UTC)
    last = min(wish.until, wish.since + LONGEST_SEARCH) - wish.length
    while begin <= last:
        yield begin
        begin += STEP


def weighed(wish: Wish, begins: datetime, judge: Judge) -> Slot | None:
    """The slot with what speaks for and against it; None where a hard conflict refuses it."""
    ends = begins + wish.length
    findings = judge(begins, ends)
    if any(finding.severity is Severity.HARD for finding in findings):
        return None
    share = busiest(wish.traffic, begins, ends)
    reasons = [of_traffic(wish, share), *(of_conflict(finding) for finding in findings), *of_people(wish, begins, ends)]
    reasons += of_distance(wish, begins)
    return Slot(begins, ends, round(sum(reason.cost for reason in reasons), 4), share, tuple(reasons))


def busiest(traffic: Sequence[Traffic], begins: datetime, ends: datetime) -> float | None:
    """The share of its mean that the busiest service has in the slot; None where one of them is not known."""
    shares: list[float] = []
    for one in traffic:
        for hour in hours(begins, ends):
            share = one.shares[hour]
            if share is None:
                return None
            shares.append(share)
    return max(shares) if shares else None


def hours(begins: datetime, ends: datetime) -> list[int]:
    """The hours of the week that a period touches."""
    at = begins.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    found: list[int] = []
    while at < ends and len(found) < WEEK_HOURS:
        found.append(at.weekday() * 24 + at.hour)
        at += HOUR
    return found


def of_traffic(wish: Wish, share: float | None) -> Reason:
    """Traffic weighs up to twice as much where little error budget is left."""
    if share is None:
        return Reason("traffic", "How much traffic there is at this hour is not known: there is no history of it.", 1.0)
    weight = 1.0 if wish.budget is None else 2.0 - max(0.0, min(1.0, wish.budget))
    told = f"Traffic at this hour is {100 * share:.0f} % of the weekly mean"
    if wish.budget is not None:
        return Reason("traffic", f"{told}, and {100 * max(0.0, wish.budget):.0f} % of the error budget is left.", share * weight)
    return Reason("traffic", f"{told}.", share * weight)


def of_conflict(finding: ConflictFinding) -> Reason:
    return Reason("conflict", finding.why, SOFT if finding.severity is Severity.SOFT else ADVISORY)


def of_distance(wish: Wish, begins: datetime) -> list[Reason]:
    """How far it lies from what was asked for, in days or, where a moment was named, in half hours; nothing where it is that."""
    apart = begins - (wish.asked or wish.since)
    length = abs(apart)
    if length < (HOUR / 2 if wish.asked else DAY):
        return []
    number, unit = (round(length / DAY), "day") if length >= DAY else (round(length / HOUR * 2) / 2, "hour")
    told = f"{number:g} {unit}{'' if number == 1 else 's'} {'later' if apart > timedelta() else 'earlier'}"
    since = "asked for" if wish.asked else "the first time looked at"
    return [Reason("lateness", f"It is {told} than {since}.", length / DAY * wish.a_day_away)]


def of_people(wish: Wish, begins: datetime, ends: datetime) -> list[Reason]:
    found: list[Reason] = []
    for name, zone in wish.people:
        own = ZoneInfo(zone)
        first, last = begins.astimezone(own), (ends - timedelta(microseconds=1)).astimezone(own)
        if first.hour >= 22 or first.hour < 6 or last.hour >= 22 or last.hour < 6:
            found.append(Reason("people", f"It is night for {name}: {first:%H:%M}.", NIGHT))
        elif first.weekday() >= 5 or first.hour < 8 or last.hour >= 18:
            found.append(Reason("people", f"It is outside the working hours of {name}: {first:%A %H:%M}.", OFF_HOURS))
    return found


def shares_of(means: Mapping[int, float]) -> list[float | None]:
    """Traffic by hour of the week as shares of its mean, from means by hour; None for hours without history."""
    known = [mean for mean in means.values() if mean >= 0]
    mean = sum(known) / len(known) if known else 0.0
    return [means[hour] / mean if mean > 0 and hour in means else None for hour in range(WEEK_HOURS)]
