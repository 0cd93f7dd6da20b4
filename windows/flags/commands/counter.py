"""The one row every change of the store locks first."""

from __future__ import annotations

import secrets

from django.db import connection

from windows.flags.models import FlagCounter

CHANNEL = "flags_changed"


def locked_counter() -> FlagCounter:
    """The counter, locked until the transaction ends; made where the store is new. Changes are therefore numbered in commit order."""
    counter = FlagCounter.objects.select_for_update().filter(pk=1).first()
    if counter is None:
        FlagCounter.objects.bulk_create([FlagCounter(pk=1, epoch=secrets.token_hex(16))], ignore_conflicts=True)
        counter = FlagCounter.objects.select_for_update().get(pk=1)
    return counter


def announce(version: int) -> None:
    """Heard by the flag servers when, and only if, this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, str(version)])
