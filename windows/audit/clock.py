"""The one clock that durable decisions compare with: the database's."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def clock() -> datetime:
    """Now, zone-aware, by the database. Not the transaction's start: one that waited for a lock would see the past."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        (now,) = cursor.fetchone()
        return now  # type: ignore[no-any-return]
