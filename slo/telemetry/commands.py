"""Verb: push measurements.

A push is idempotent by (series, source, key), for as long as samples are kept after they arrived. Late data is welcome: see sums.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from slo.errors import Invalid
from slo.telemetry import sums
from slo.telemetry.readings import Push

LATEST = timedelta(days=400)  # a measurement older than any minute that is kept is a mistake
AHEAD = timedelta(minutes=5)  # a sender's clock may be wrong, not absurd
MOST = 10_000


@transaction.atomic(durable=True)
def push(series: str, samples: Sequence[Push]) -> int:
    """Count what was not counted before; returns how many samples were new. All or nothing; Invalid names the field that is wrong.

    Writers of one series queue on a lock, so that running sums add up whatever the order of commits.
    """
    with connection.cursor() as cursor:
        check(series, samples, sums.lock(cursor, series))
        new, deltas = sums.insert(cursor, series, samples)
        sums.add(cursor, series, deltas)
    return new


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
