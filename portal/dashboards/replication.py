"""How far the standbys of our own database are behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

STANDBYS = """
select application_name, state, sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint, replay_lag
from pg_stat_replication order by application_name, pid
"""


@dataclass(frozen=True, slots=True)
class Standby:
    """`behind` in bytes; None where our role may not read it (it takes pg_monitor). `lag` is None also while nothing is written."""

    name: str
    state: str
    sync: str
    behind: int | None
    lag: timedelta | None


@dataclass(frozen=True, slots=True)
class Replication:
    """`is_standby`: we were answered by a standby ourselves, which knows of no other."""

    is_standby: bool
    standbys: tuple[Standby, ...]


def replication() -> Replication:
    """Two queries at most."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_is_in_recovery()")
        if cursor.fetchone()[0]:
            return Replication(True, ())
        cursor.execute(STANDBYS)
        return Replication(
            False, tuple(Standby(name, state or "", sync or "", behind, lag) for name, state, sync, behind, lag in cursor.fetchall())
        )
