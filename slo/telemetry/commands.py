"""Verb: push measurements.

A push is idempotent by (series, source, key), for as long as samples are kept after they arrived. Late data is welcome: see sums.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from slo.budget import Ratio
from slo.errors import Invalid
from slo.intervals import Interval
from slo.telemetry import retention, sums
from slo.telemetry.increases import Held, Point, grown
from slo.telemetry.increases import samples as make_samples
from slo.telemetry.models import Counter
from slo.telemetry.queries import ratios
from slo.telemetry.readings import Push
from slo.telemetry.slices import Slicing

LATEST = timedelta(days=400)  # a measurement older than any minute that is kept is a mistake
AHEAD = timedelta(minutes=5)  # a sender's clock may be wrong, not absurd
MOST = 10_000
DAY = timedelta(days=1)


@transaction.atomic(durable=True)
def push(series: str, samples: Sequence[Push], slicing: Slicing | None = None) -> int:
    """Count what was not counted before; returns how many samples were new. All or nothing; Invalid names the field that is wrong.

    Writers of one series queue on a lock, so that running sums add up whatever the order of commits. Slices that were touched are
    judged again.
    """
    with connection.cursor() as cursor:
        return count(cursor, series, samples, slicing, sums.lock(cursor, series))


@transaction.atomic(durable=True)
def push_points(series: str, points: Sequence[Point], source: str, slicing: Slicing | None = None, *, by_bad: bool) -> tuple[int, int]:
    """Count what counters grew by (increases.py); how many samples were new, and how many minutes could not be: more good than all.

    How far each running total was counted is kept beside what was counted, so the same points again count nothing.
    """
    with connection.cursor() as cursor:
        now = sums.lock(cursor, series)
        rows = Counter.objects.filter(series=series, stream__in={one.stream for one in points})
        held = {(row.part, row.stream): Held(row.began, row.at, row.value) for row in rows}
        increases, after = grown(points, held)
        samples, wrong = make_samples(increases, source, by_bad=by_bad)
        new = count(cursor, series, samples, slicing, now) if samples else 0
        changed = [Counter(series=series, part=part, stream=stream, **asdict(one)) for (part, stream), one in after.items()]
        unique, moved = ["series", "part", "stream"], ["began", "at", "value"]
        Counter.objects.bulk_create(changed, update_conflicts=True, unique_fields=unique, update_fields=moved)
    return new, wrong


def count(cursor: CursorWrapper, series: str, samples: Sequence[Push], slicing: Slicing | None, now: datetime) -> int:
    """Inside a transaction that holds the series' lock since `now`."""
    check(series, samples, now)
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
    if not 0 < len(series) <= 120:
        raise Invalid("series", "A series has a name of at most 120 characters.")
    if len(samples) > MOST:
        raise Invalid("samples", f"At most {MOST} samples in one push.")
    for one in samples:
        if not 0 < len(one.key) <= 120 or len(one.source) > 120 or len(one.window) > 20:
            raise Invalid("key", "Give each sample a key; key and source have at most 120 characters, a window reference 20.")
        if one.at.tzinfo is None or not now - LATEST <= one.at.astimezone(UTC) <= now + AHEAD:
            raise Invalid("at", "Give the time with its zone, at most 400 days back and 5 minutes ahead.")
        if not 0 <= one.good <= one.total < 2**53:
            raise Invalid("good", "Events are counted: 0 ≤ good ≤ total.")
