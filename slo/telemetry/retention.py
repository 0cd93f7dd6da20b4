"""How long measurements are kept, and forgetting the rest.

Running sums make it cheap: of a thinned hour its last minute stays, with the hour's good and total, and its sums are as right as before.
So an old range is exact to the hour, and to the day where only day totals are left.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Model
from django.db.models.functions import Now

from slo.telemetry.models import Counter, DayTotal, Measurement, Owed, Sample, TaggedMinute
from slo.telemetry.sums import lock

COUNTERS = timedelta(days=7)  # a counter that nobody sends any more, and what it owes
SAMPLES = timedelta(days=2)  # counted from their arrival: for so long the same push twice counts once
MINUTES = timedelta(days=35)
NEAR = timedelta(hours=24)  # so close to a window, minutes stay minutes
HOURS = timedelta(days=400)  # 13 months; day totals stay for ever
KEPT: tuple[type[Model], ...] = (Sample, Counter, Owed, TaggedMinute, Measurement, DayTotal)

THIN = """
with old as (
    select id, row_number() over (hour order by minute desc) as place, sum(good) over hour as good, sum(total) over hour as total,
        count(*) over hour as many
    from telemetry_measurement m
    where series = %(series)s and minute < date_trunc('hour', clock_timestamp() - %(minutes)s * interval '1 second', 'UTC') and not exists (
        select from telemetry_measurement w where w.series = m.series and w."window" <> ''
            and w.minute between m.minute - %(near)s * interval '1 second' and m.minute + %(near)s * interval '1 second'
    )
    window hour as (partition by date_trunc('hour', minute, 'UTC'))
), kept as (
    update telemetry_measurement m set good = old.good, total = old.total from old where m.id = old.id and old.place = 1 and old.many > 1
)
delete from telemetry_measurement m using old where m.id = old.id and old.place > 1
"""


def forget() -> int:
    """Forget what need not be kept; returns how many rows went. Series by series, each in a transaction of its own."""
    gone, _ = Sample.objects.filter(received_at__lt=Now() - SAMPLES).delete()
    gone += Counter.objects.filter(at__lt=Now() - COUNTERS).delete()[0]
    gone += Owed.objects.filter(minute__lt=Now() - COUNTERS).delete()[0]
    series = DayTotal.objects.order_by("series").values_list("series", flat=True).distinct()
    return gone + sum(thin(one) for one in series)


def drop(series: Collection[str]) -> int:
    """Forget all of these series, which were never an objective's; returns how many rows went. Each in a transaction of its own."""
    first, *others = (model._default_manager.filter(series__in=series).order_by().values_list("series", flat=True) for model in KEPT)
    return sum(drop_one(one) for one in sorted(first.union(*others)))


@transaction.atomic(durable=True)
def drop_one(series: str) -> int:
    with connection.cursor() as cursor:
        lock(cursor, series)
    return sum(model._default_manager.filter(series=series).delete()[0] for model in KEPT)


@transaction.atomic(durable=True)
def thin(series: str) -> int:
    """Make hours of old minutes, and drop what is too old even for that."""
    with connection.cursor() as cursor:
        lock(cursor, series)
        TaggedMinute.objects.filter(series=series, minute__lt=Now() - HOURS).delete()
        gone, _ = Measurement.objects.filter(series=series, minute__lt=Now() - HOURS).delete()
        cursor.execute(THIN, {"series": series, "minutes": MINUTES.total_seconds(), "near": NEAR.total_seconds()})
        return gone + int(cursor.rowcount)
