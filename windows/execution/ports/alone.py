"""One at a time: whoever looks at a surface and acts on it, step or reconciler, is alone with it meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from windows.execution.ports.limits import Limits
from windows.execution.ports.patience import AWAY, patiently

KEY = "hashtextextended('roadworks surface ' || %s::text, 0)"


@contextmanager
def alone(surface_id: int, limits: Limits) -> Iterator[None]:
    """Waits for whoever acts on it now; TimedOut or Stopped when the limits say so. Outside any transaction: the lock is the session's,
    so that a process which dies lets it go. A session that is lost loses it: what was done then is looked at again (`generation`)."""
    while not patiently(lambda: is_ours(surface_id), limits):
        time.sleep(limits.check("Waiting for whoever acts on the same surface"))
    try:
        yield
    finally:
        leave(surface_id)


def is_ours(surface_id: int) -> bool:
    """Take it now, if nobody has it."""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_try_advisory_lock({KEY})", [surface_id])
        row = cursor.fetchone()
    return bool(row and row[0])


def leave(surface_id: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"select pg_advisory_unlock({KEY})", [surface_id])
    except AWAY:
        connection.close()  # and the lock with it
