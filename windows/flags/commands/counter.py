"""The one row every change of the store locks first."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import connection

from windows.flags.models import FlagCounter

# One trip: lock, count, read the database's clock, and tell the flag servers, who hear of it when, and only if, this commits.
NEXT = """
update flags_flagcounter set version = version + 1 where id = 1
returning version, clock_timestamp(), pg_notify('flags_changed', version::text)
"""
TOKENS_CHANGED = """
update flags_flagcounter set nodes_version = nodes_version + 1 where id = 1
returning nodes_version, clock_timestamp(), pg_notify('flags_changed', version::text)
"""


def next_version() -> tuple[int, datetime]:
    """The next global version, and now. The counter stays locked until the transaction ends: changes are numbered in commit order,
    and a change that is rolled back gives its number back."""
    return count(NEXT)


def hold_counter() -> None:
    """Lock the counter and count nothing: whoever looks at a flag before changing it takes the locks in the order every change does."""
    FlagCounter.objects.select_for_update().filter(pk=1).first()


def tokens_changed() -> None:
    """The flag servers read the tokens of the nodes anew."""
    count(TOKENS_CHANGED)


def count(statement: str) -> tuple[int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
        if row is None:  # a new store
            FlagCounter.objects.bulk_create([FlagCounter(pk=1, epoch=secrets.token_hex(16))], ignore_conflicts=True)
            cursor.execute(statement)
            row = cursor.fetchone()
    return row[0], row[1]
