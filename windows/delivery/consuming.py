"""Which queues are consumed: workers say so every few seconds, in the database, because not every broker can tell.

A queue that nobody consumes does not lose work, which stands in the tables; it is not done, and nobody would see why.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import connection, connections
from django.db.models.functions import Now

from windows.delivery.models import Consumed

EVERY = timedelta(seconds=5)
GONE = timedelta(seconds=20)  # a worker that has said nothing for so long is away, or cut off from the database
log = logging.getLogger(__name__)


def consume(queues: Iterable[str]) -> None:
    """Say that somebody consumes them."""
    rows = [Consumed(queue=name, seen_at=Now()) for name in sorted(queues)]
    Consumed.objects.bulk_create(rows, update_conflicts=True, unique_fields=["queue"], update_fields=["seen_at"])


def unconsumed(wanted: Collection[str]) -> list[str]:
    """Those of them that nobody consumes, in their order; one query, by the database's clock."""
    served = set(Consumed.objects.filter(queue__in=wanted, seen_at__gt=Now() - GONE).values_list("queue", flat=True))
    return [name for name in wanted if name not in served]


DESERTED = f"""
select clock_timestamp(), array(
    select queue from {Consumed._meta.db_table} where seen_at <= clock_timestamp() - make_interval(secs => %s)
    and seen_at > clock_timestamp() - interval '7 days' order by queue
)
"""  # noqa: S608 - our own name


def deserted() -> tuple[datetime, list[str]]:
    """Now, by the database, and the queues that were consumed in the last days and are not any more; one query, for those who ask for the
    clock anyway."""
    with connection.cursor() as cursor:
        cursor.execute(DESERTED, [GONE.total_seconds()])
        now, names = cursor.fetchone()
    return now, names


class Saying:
    """A thread that says so until it is ended. It keeps no connection between two words: its process forks."""

    def __init__(self, queues: Iterable[str]) -> None:
        self.queues, self.ended = list(queues), threading.Event()
        self.thread = threading.Thread(target=self.run, name="consuming", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def run(self) -> None:
        while True:
            try:
                consume(self.queues)
            except Exception as error:  # the database is away: then it is said once it is back
                log.warning("cannot say which queues are consumed: %s", error)
            finally:
                connections.close_all()  # this thread's
            if self.ended.wait(EVERY.total_seconds()):
                return

    def end(self) -> None:
        """A worker that is asked to end takes nothing any more."""
        self.ended.set()
