"""Verb: push measurements.

A push is idempotent by (series, source, key), for as long as samples are kept after they arrived. Late data is welcome: see sums.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from slo.budget import Ratio
from slo.errors import Invalid
from slo.intervals import Interval
from slo.telemetry import retention, sums
from slo.telemetry.increases import Growth, Held, Key, Point, by_minute, grown, settled
from slo.telemetry.models import Counter, Owed
from slo.telemetry.queries import held, ratios
from slo.telemetry.readings import Push
from slo.telemetry.slices import Slicing

LATEST = timedelta(days=400)  # a measurement older than any minute that is kept is a mistake
AHEAD = timedelta(minutes=5)  # a sender's clock may be wrong, not absurd
MOST = 10_000
COUNTERS = 5_000  # of one series: attributes that differ with every request would fill the table
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many samples were new; how many minutes of the last hour, before these, have more good (or bad) than there was in all; how many
    points were left out because their counter is one too many."""

    new: int
    owing: int
    left_out: int


@transaction.atomic(durable=True)
def push(series: str, samples: Sequence[Push], slicing: Slicing | None = None) -> int:
    """Count what was not counted before; returns how many samples were new. All or nothing; Invalid names the field that is wrong.

    Writers of one series queue on a lock, so that running sums add up whatever the order of commits. Slices that were touched are
    judged again.
    """
    with connection.cursor() as cursor:
        return count(cursor, series, samples, slicing, sums.lock(cursor, series))


@transaction.atomic(durable=True)
def push_points(series: str, points: Sequence[Point], source: str, slicing: Slicing | None = None, *, by_bad: bool) -> Counted:
    """Count what counters grew by (increases.py).

    How far each counter was counted is kept beside what was counted, so the same points again count nothing, alone or with others.
    Counters beyond COUNTERS are left out; those that were counted before go on.
    """
    with connection.cursor() as cursor:
        now = sums.lock(cursor, series)
        check_times(series, [one.at for one in points], now)
        rows = Counter.objects.filter(series=series, stream__in={one.stream for one in points})
        before = {(row.part, row.stream): Held(row.began, row.at, row.value, tuple(row.told)) for row in rows}
        taken = with_room(series, points, before)
        increases, after = grown(taken, before)
        growth = by_minute(increases, by_bad=by_bad)
        if growth:
            samples = settle(series, growth, source)
            record(cursor, series, samples, slicing, now)
        changed = [Counter(series=series, part=part, stream=stream, **asdict(one)) for (part, stream), one in after.items()]
        unique, moved = ["series", "part", "stream"], ["began", "at", "value", "told"]
        Counter.objects.bulk_create(changed, update_conflicts=True, unique_fields=unique, update_fields=moved)
        first = min((one.at for one in points), default=now).replace(second=0, microsecond=0)
        owing = Owed.objects.filter(series=series, minute__lt=first, minute__gte=first - HOUR).count()
        return Counted(len(growth), owing, len(points) - len(taken))


def with_room(series: str, points: Sequence[Point], before: Mapping[Key, Held]) -> list[Point]:
    """Those whose counter was counted before, and of the others as many counters as there is room for, in their order."""
    new = list(dict.fromkeys((one.part, one.stream) for one in points if (one.part, one.stream) not in before))
    room = max(COUNTERS - Counter.objects.filter(series=series).count(), 0) if new else 0
    left_out = set(new[room:])
    return [one for one in points if (one.part, one.stream) not in left_out]


def settle(series: str, growth: Sequence[Growth], source: str) -> list[Push]:
    """What of the growth its minutes can take now; the rest is kept as owed. The caller holds the series' lock."""
    rows = Owed.objects.filter(series=series, minute__in={one.minute for one in growth})
    owed = {(row.minute, row.window): row.good for row in rows}
    had = held(series, {one.place for one in growth})
    found, rest = [], dict[tuple[datetime, str], int]()
    for one in growth:
        change, rest[one.place] = settled(one, had[one.place], owed.get(one.place, 0))
        found.append(Push(one.key, one.at, change.good, change.total, source, one.window))
    changed = [Owed(series=series, minute=minute, window=window, good=good) for (minute, window), good in rest.items() if good]
    Owed.objects.bulk_create(changed, update_conflicts=True, unique_fields=["series", "minute", "window"], update_fields=["good"])
    if paid := [row.pk for row in rows if rest.get((row.minute, row.window)) == 0]:
        Owed.objects.filter(pk__in=paid).delete()
    return found


def count(cursor: CursorWrapper, series: str, samples: Sequence[Push], slicing: Slicing | None, now: datetime) -> int:
    """As `push`, inside a transaction that holds the series' lock since `now`."""
    check(series, samples, now)
    return record(cursor, series, samples, slicing, now)


def record(cursor: CursorWrapper, series: str, samples: Sequence[Push], slicing: Slicing | None, now: datetime) -> int:
    """Write what is new, minutes and verdicts with it. What a sample adds may be a correction: of good alone, or below 0."""
    new, deltas = sums.insert(cursor, series, samples)
    sums.add(cursor, series, deltas)
    if slicing:
        judge(cursor, series, slicing, deltas["minute"], now)
    return new


@transaction.atomic
def slice_day(series: str, slicing: Slicing, day: datetime) -> None:
    """Judge the slices of what was measured on this day (its midnight, UTC). Repeatable."""
    with connection.cursor() as cursor:
        now = sums.lock(cursor, series)
        cursor.execute(
            "select minute from telemetry_measurement where series = %s and minute >= %s and minute < %s", [series, day, day + DAY]
        )
        judge(cursor, series, slicing, [row[0] for row in cursor.fetchall()], now)


def first_day(series: str) -> datetime | None:
    """The midnight before the first minute that can still be judged; None where nothing is measured."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select min(minute) from telemetry_measurement where series = %s and minute >= clock_timestamp() - make_interval(secs => %s)",
            [series, (retention.MINUTES - DAY).total_seconds()],
        )
        (first,) = cursor.fetchone()
    return first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) if first else None


def judge(cursor: CursorWrapper, series: str, slicing: Slicing, minutes: Sequence[datetime], now: datetime) -> None:
    """Bring the verdicts of the slices that hold these minutes up to date; where minutes were thinned out the old verdict stands."""
    begins = sorted({slicing.begin(minute) for minute in minutes if minute >= now - retention.MINUTES + DAY})
    whole = [(series, Interval(begin, slicing.end(begin))) for begin in begins]
    stored = [(slicing.series(series), one) for _, one in whole]
    found = ratios(whole + stored)
    changes = [slicing.verdict(inside) - before for inside, before in zip(found[: len(begins)], found[len(begins) :], strict=True)]
    rows = [(begin, change.good, change.total, "") for begin, change in zip(begins, changes, strict=True) if change != Ratio()]
    if rows:
        minute, good, total, label = (list(column) for column in zip(*rows, strict=True))
        sums.add(cursor, slicing.series(series), {"minute": minute, "good": good, "total": total, "label": label})


def check(series: str, samples: Sequence[Push], now: datetime) -> None:
    if len(samples) > MOST:
        raise Invalid("samples", f"At most {MOST} samples in one push.")
    for one in samples:
        if not 0 < len(one.key) <= 120 or len(one.source) > 120 or len(one.window) > 20:
            raise Invalid("key", "Give each sample a key; key and source have at most 120 characters, a window reference 20.")
        if not 0 <= one.good <= one.total < 2**53:
            raise Invalid("good", "Events are counted: 0 ≤ good ≤ total.")
    check_times(series, [one.at for one in samples], now)


def check_times(series: str, times: Sequence[datetime], now: datetime) -> None:
    if not 0 < len(series) <= 120:
        raise Invalid("series", "A series has a name of at most 120 characters.")
    if any(at.tzinfo is None or not now - LATEST <= at.astimezone(UTC) <= now + AHEAD for at in times):
        raise Invalid("at", "Give the time with its zone, at most 400 days back and 5 minutes ahead.")
