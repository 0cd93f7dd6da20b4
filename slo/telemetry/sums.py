"""The running sums in SQL: set-based, by adding what came.

Adding (and not summing up anew) keeps them right where old minutes were thinned out. A late minute rewrites at most the tail of its day
and the day totals after it. The caller holds the series' lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.db.backends.utils import CursorWrapper

from slo.telemetry.readings import Push

INSERT = """
with given as (
    select * from unnest(%s::text[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
        as g("key", "at", good, total, source, label)
), new as (
    insert into telemetry_sample (series, "at", good, total, source, "key")
    select %s, "at", good, total, source, "key" from given on conflict (series, source, "key") do nothing
    returning "at", good, total, source, "key"
), told as (select source, "key", max(label) as label from given group by 1, 2)
select date_trunc('minute', new."at", 'UTC'), sum(new.good)::bigint, sum(new.total)::bigint, told.label, count(*)
from new join told using (source, "key") group by 1, 4
"""
DELTAS = """
with delta as (
    select minute, date_trunc('day', minute, 'UTC') as day, sum(good)::bigint as good, sum(total)::bigint as total, max(label) as label
    from unnest(%(minute)s::timestamptz[], %(good)s::bigint[], %(total)s::bigint[], %(label)s::text[]) as d(minute, good, total, label)
    group by 1, 2
), daily as (
    select (day at time zone 'UTC')::date as day, sum(good)::bigint as good, sum(total)::bigint as total from delta group by 1
)
"""
NEW_MINUTES = """
insert into telemetry_measurement (series, minute, good, total, good_sum, total_sum, "window")
select %(series)s, delta.minute, 0, 0, coalesce(before.good_sum, 0), coalesce(before.total_sum, 0), ''
from delta left join lateral (
    select good_sum, total_sum from telemetry_measurement m
    where m.series = %(series)s and m.minute >= delta.day and m.minute < delta.minute order by m.minute desc limit 1
) before on true
on conflict (series, minute) do nothing
"""
TAILS_OF_DAYS = """
, first as (select day, min(minute) as minute from delta group by day), tail as (
    select m.id, coalesce(delta.good, 0) as good, coalesce(delta.total, 0) as total, coalesce(delta.label, '') as label,
        sum(coalesce(delta.good, 0)) over upto as good_sum, sum(coalesce(delta.total, 0)) over upto as total_sum
    from first join telemetry_measurement m
        on m.series = %(series)s and m.minute >= first.minute and m.minute < first.day + interval '24 hours'
        and m.minute >= %(since)s and m.minute < %(until)s
    left join delta on delta.minute = m.minute
    window upto as (partition by first.day order by m.minute)
)
update telemetry_measurement m set good = m.good + tail.good, total = m.total + tail.total, good_sum = m.good_sum + tail.good_sum,
    total_sum = m.total_sum + tail.total_sum, "window" = case when tail.label = '' then m."window" else tail.label end
from tail where m.id = tail.id and m.series = %(series)s and m.minute >= %(since)s and m.minute < %(until)s
"""
TAGGED = """
with labelled as (
    select minute, label, sum(good)::bigint as good, sum(total)::bigint as total
    from unnest(%(minute)s::timestamptz[], %(good)s::bigint[], %(total)s::bigint[], %(label)s::text[]) as d(minute, good, total, label)
    where label <> '' group by 1, 2
)
"""
NEW_TAGGED = """
insert into telemetry_taggedminute (series, minute, "window", good, total) select %(series)s, minute, label, 0, 0 from labelled
on conflict (series, minute, "window") do nothing
"""
MORE_TAGGED = """
update telemetry_taggedminute t set good = t.good + labelled.good, total = t.total + labelled.total
from labelled where t.series = %(series)s and t.minute = labelled.minute and t."window" = labelled.label
"""
NEW_DAYS = """
insert into telemetry_daytotal (series, day, good, total, good_sum, total_sum)
select %(series)s, daily.day, 0, 0, coalesce(before.good_sum, 0), coalesce(before.total_sum, 0)
from daily left join lateral (
    select good_sum, total_sum from telemetry_daytotal d where d.series = %(series)s and d.day < daily.day order by d.day desc limit 1
) before on true
on conflict (series, day) do nothing
"""
LATER_DAYS = """
, tail as (
    select d.id, coalesce(daily.good, 0) as good, coalesce(daily.total, 0) as total,
        sum(coalesce(daily.good, 0)) over upto as good_sum, sum(coalesce(daily.total, 0)) over upto as total_sum
    from telemetry_daytotal d left join daily on daily.day = d.day
    where d.series = %(series)s and d.day >= (select min(day) from daily)
    window upto as (order by d.day)
)
update telemetry_daytotal d set good = d.good + tail.good, total = d.total + tail.total, good_sum = d.good_sum + tail.good_sum,
    total_sum = d.total_sum + tail.total_sum
from tail where d.id = tail.id
"""


def lock(cursor: CursorWrapper, series: str) -> datetime:
    """Queue behind the other writers of this series until the transaction ends; the time by the database when it is our turn."""
    cursor.execute("select pg_advisory_xact_lock(hashtextextended('telemetry:' || %s, 0))", [series])
    cursor.execute("select clock_timestamp()")
    return cast(datetime, cursor.fetchone()[0])


def insert(cursor: CursorWrapper, series: str, samples: Sequence[Push]) -> tuple[int, dict[str, Any]]:
    """Store the samples that were not there; how many, and per minute and label what they add."""
    columns = [[getattr(one, name) for one in samples] for name in ("key", "at", "good", "total", "source", "window")]
    cursor.execute(INSERT, [*columns, series])
    rows = cursor.fetchall()
    minute, good, total, label, counts = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [], [])
    return int(sum(counts)), {"minute": minute, "good": good, "total": total, "label": label}


def add(cursor: CursorWrapper, series: str, deltas: dict[str, Any]) -> None:
    """Bring minutes, day totals and their running sums up to date."""
    if deltas["minute"]:
        # bounds said once more as plain values: the planner cannot estimate a join's, and would read the whole table for one minute
        last = max(deltas["minute"]).astimezone(UTC).replace(hour=0, minute=0)
        bounds = {"since": min(deltas["minute"]), "until": last + timedelta(days=1)}
        for statement in (NEW_MINUTES, TAILS_OF_DAYS, NEW_DAYS, LATER_DAYS):
            cursor.execute(DELTAS + statement, {**deltas, **bounds, "series": series})
        if any(deltas["label"]):
            for statement in (NEW_TAGGED, MORE_TAGGED):
                cursor.execute(TAGGED + statement, {**deltas, "series": series})
