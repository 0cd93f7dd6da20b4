"""Nouns that read: ratios over any range, and what was pushed a moment ago.

A minute belongs to a range if it starts in it. Sums at an instant are two index look-ups (the days before, the minutes of its day), so
a range costs two instants and each excluded interval two more, whatever its length.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Sum

from slo.budget import Ratio
from slo.intervals import Interval, subtract
from slo.telemetry.models import Measurement, Sample, TaggedMinute
from slo.telemetry.readings import Reading

SUMS = """
select coalesce(d.good_sum, 0) + coalesce(m.good_sum, 0), coalesce(d.total_sum, 0) + coalesce(m.total_sum, 0)
from (
    select place, series, "at", date_trunc('day', "at", 'UTC') as midnight, ("at" at time zone 'UTC')::date as day
    from (
        select place, (%s::text[])[which] as series, 'epoch'::timestamptz + microseconds * interval '1 microsecond' as "at"
        from unnest(string_to_array(%s, ',')::int[], string_to_array(%s, ',')::bigint[]) with ordinality as u(which, microseconds, place)
    ) given
) p
left join lateral (
    select good_sum, total_sum from telemetry_daytotal d where d.series = p.series and d.day < p.day order by d.day desc limit 1
) d on true
left join lateral (
    select good_sum, total_sum from telemetry_measurement m
    where m.series = p.series and m.minute >= p.midnight and m.minute < p."at" order by m.minute desc limit 1
) m on true
order by p.place
"""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
RECENT = """
select coalesce(sum(good), 0)::bigint, coalesce(sum(total), 0)::bigint, max("at")
from telemetry_sample where series = %s and "at" > %s and "at" <= %s
"""
TAGGED = """
select coalesce(sum(t.total), 0)::bigint, coalesce(sum(m.total), 0)::bigint
from unnest(%s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[]) with ordinality as p(series, since, until, "window", place)
left join telemetry_measurement m on m.series = p.series and m.minute >= p.since and m.minute <= p.until - interval '1 minute'
left join telemetry_taggedminute t on t.series = m.series and t.minute = m.minute and t."window" = p."window"
group by p.place order by p.place
"""


def ratios(wanted: Sequence[tuple[str, Interval]]) -> list[Ratio]:
    """Good and total of each (series, range), in order: one statement, one consistent view."""
    if not wanted:
        return []
    names: dict[str, int] = {}
    places: dict[tuple[int, datetime], int] = {}  # each instant is asked for once: ranges share their ends
    ends = []
    for series, one in wanted:
        which = names.setdefault(series, len(names) + 1)
        ends.append((places.setdefault((which, one.start), len(places)), places.setdefault((which, one.end), len(places))))
    # As joined text: arrays of thousands of instants would take longer to write down than to look up.
    which_ones = ",".join(str(which) for which, _ in places)
    instants = ",".join(str((instant - EPOCH) // MICROSECOND) for _, instant in places)
    with connection.cursor() as cursor:
        cursor.execute(SUMS, [list(names), which_ones, instants])
        sums = cursor.fetchall()
    return [Ratio(sums[end][0] - sums[start][0], sums[end][1] - sums[start][1]) for start, end in ends]


def ratio(series: str, since: datetime, until: datetime, exclude: Iterable[Interval] = ()) -> Ratio:
    """Good and total in [since, until) without the minutes that start in an excluded interval."""
    pieces = subtract([Interval(since, until)], exclude)
    return sum(ratios([(series, piece) for piece in pieces]), Ratio())


def by_minute(series: str, since: datetime, until: datetime) -> list[tuple[datetime, Ratio]]:
    """The minutes of a range that have measurements, in order: for a chart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select minute, good, total from telemetry_measurement where series = %s and minute >= %s and minute < %s order by minute",
            [series, since, until],
        )
        return [(minute, Ratio(good, total)) for minute, good, total in cursor.fetchall()]


def labelled(series: str, since: datetime, until: datetime) -> Mapping[str, Ratio]:
    """What was measured in a range, by the window label it carries ("" where it carries none): how much of it is tagged."""
    rows = TaggedMinute.objects.filter(series=series, minute__gte=since, minute__lt=until).values_list("window")
    found = {label: Ratio(int(good), int(total)) for label, good, total in rows.annotate(Sum("good"), Sum("total"))}
    rest = ratio(series, since, until) - sum(found.values(), Ratio())
    return found | ({"": rest} if rest.total else {})


def held(series: str, places: Collection[tuple[datetime, str]]) -> Mapping[tuple[datetime, str], Ratio]:
    """What each of these minutes has under a window's label, or under none (""). Two statements."""
    minutes = {minute for minute, _ in places}
    rows = Measurement.objects.filter(series=series, minute__in=minutes).values_list("minute", "good", "total")
    found = {(minute, ""): Ratio(good, total) for minute, good, total in rows}
    labels = TaggedMinute.objects.filter(series=series, minute__in=minutes).values_list("minute", "window", "good", "total")
    for minute, window, good, total in labels:
        found[minute, window] = Ratio(good, total)
        found[minute, ""] -= found[minute, window]
    return {place: found.get(place, Ratio()) for place in places}


def tagged(wanted: Sequence[tuple[str, Interval, str]]) -> list[Ratio]:
    """Of each (series, range, window): events that carry the window's label, of all events. One statement.

    Only minutes that lie wholly in the range: what else was measured in the two that a window begins and ends in is not told apart.
    A range without a whole minute has 0 of 0.
    """
    if not wanted:
        return []
    columns: list[Any] = [
        [one[0] for one in wanted],
        [one[1].start for one in wanted],
        [one[1].end for one in wanted],
        [one[2] for one in wanted],
    ]
    with connection.cursor() as cursor:
        cursor.execute(TAGGED, columns)
        return [Ratio(carries, total) for carries, total in cursor.fetchall()]


def counted(series: str, source: str, keys: Collection[str]) -> set[str]:
    """Which of these keys a sender has pushed already."""
    return set(Sample.objects.filter(series=series, source=source, key__in=keys).values_list("key", flat=True))


def recent(series: str, window_seconds: float, now: datetime) -> Reading:
    """The SLI of what was pushed in the last seconds, judged by the samples' own times; `samples` counts events."""
    with connection.cursor() as cursor:
        cursor.execute(RECENT, [series, now - timedelta(seconds=window_seconds), now])
        good, total, newest = cursor.fetchone()
    if newest is None:
        return Reading(None, 0, reason=f"no sample in the last {window_seconds:g} s")
    if not total:
        return Reading(None, 0, newest, reason=f"no events in the last {window_seconds:g} s")
    return Reading(min(max(good, 0), total) / total, total, newest)  # good and total of a counter may come apart (increases.py)
