"""Four weeks of good and total for the shop's objectives, minute by minute, written by one statement for each table.

Made up, and marked so: the load generator's daily shape, a little noise (the same for the same minute, so that loading again
would say the same), a rare failure, four bad quarters of an hour, and the writes refused in past maintenance.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from examples.shop.layout import SERIES
from slo.telemetry.models import Measurement

DAYS = 28
SHARES = {
    "orders-reads": 0.50,
    "orders-writes": 0.12,
    "orders-served": 0.62,
    "baskets-reads": 0.20,
    "baskets-writes": 0.18,
    "baskets-served": 0.38,
}
TROUBLE = (  # days ago, hour, minutes, share that failed, service
    (24, 9, 14, 0.03, "orders"),
    (17, 15, 22, 0.08, "baskets"),
    (9, 20, 11, 0.05, "orders"),
    (3, 12, 6, 0.12, "baskets"),
)
MINUTES = """
insert into telemetry_measurement (series, minute, good, total, good_sum, total_sum, "window", is_example)
with series as (select * from unnest(%(series)s::text[], %(shares)s::float8[]) with ordinality as s(series, share, number)),
trouble as (
    select date_trunc('day', now()) - make_interval(days => ago) + make_interval(hours => hour) as since, minutes, failed, service
    from unnest(%(ago)s::int[], %(hour)s::int[], %(minutes)s::int[], %(failed)s::float8[], %(services)s::text[])
        as t(ago, hour, minutes, failed, service)),
past as (
    select * from unnest(%(windows)s::text[], %(begun)s::timestamptz[], %(ended)s::timestamptz[], %(targets)s::text[])
        as p(reference, since, until, service)),
spread as (
    select series, share, minute, split_part(series, '-', 1) as service,
        abs(hashint8(date_part('epoch', minute)::bigint + number)::bigint) %% 1000 / 1000.0::float8 as dice
    from series, generate_series(date_trunc('day', now()) - make_interval(days => %(days)s),
                                 date_trunc('minute', now()) - interval '1 minute', '1 minute') as minute),
counted as (
    select spread.*, round(60 * (15 + 4 * sin((date_part('hour', minute at time zone 'UTC') - 9) / 12 * pi()))
                           * share * (0.85 + 0.3 * dice))::int as total
    from spread),
felt as (
    select counted.series, minute, total, coalesce(past.reference, '') as "window",
        least(total, round(total * coalesce(trouble.failed, 0))::int + (dice > 0.93)::int
            + case when past.reference is not null and series like '%%-writes' then (total * 0.3)::int else 0 end) as bad
    from counted
    left join trouble on trouble.service = counted.service
        and minute >= trouble.since and minute < trouble.since + make_interval(mins => trouble.minutes)
    left join past on past.service = counted.service and minute >= past.since and minute < past.until)
select series, minute, total - bad, total,
    sum(total - bad) over whole_day, sum(total) over whole_day, "window", true
from felt
window whole_day as (partition by series, date_trunc('day', minute at time zone 'UTC') order by minute)
"""
TAGGED = """
insert into telemetry_taggedminute (series, minute, "window", good, total)
select series, minute, "window", good, total from telemetry_measurement where series = any(%(series)s) and "window" <> ''
on conflict do nothing
"""
DAY_TOTALS = """
insert into telemetry_daytotal (series, day, good, total, good_sum, total_sum)
select series, day, good, total, sum(good) over so_far, sum(total) over so_far
from (select series, (minute at time zone 'UTC')::date as day, sum(good) as good, sum(total) as total
      from telemetry_measurement where series = any(%(series)s) group by 1, 2) as days
window so_far as (partition by series order by day)
on conflict do nothing
"""


def load(past: list[tuple[str, str, object, object]]) -> None:
    """`past`: (reference, service, begun, ended) of windows in which writes were refused. Nothing where there are measurements."""
    if Measurement.objects.filter(series__in=SERIES).exists():
        return
    ago, hours, minutes, failed, services = map(list, zip(*TROUBLE, strict=True))
    values: dict[str, Any] = {
        "series": list(SHARES), "shares": list(SHARES.values()), "days": DAYS,
        "ago": ago, "hour": hours, "minutes": minutes, "failed": failed, "services": services,
        "windows": [row[0] for row in past], "targets": [row[1] for row in past],
        "begun": [row[2] for row in past], "ended": [row[3] for row in past],
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local work_mem = '96MB'")  # sorting a quarter of a million rows on disk takes as long as writing them
        cursor.execute(MINUTES, values)
        cursor.execute(TAGGED, values)
        cursor.execute(DAY_TOTALS, values)
