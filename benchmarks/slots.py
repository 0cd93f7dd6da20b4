"""P-C1, the part with every reason: the full conflict check, the count of windows a month in it, and the search for free slots.

    .venv/bin/python benchmarks/slots.py [--windows 1000000] [--rounds 5] [--calls 20]

The store and its windows are those of `conflicts.py`. Rounds are interleaved; only the ratios of one run mean anything.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from conflicts import EVERY, SERVICES, fill, p95, store, timed


def acts(db: psycopg.Connection[Any], windows: int, base: datetime) -> dict[str, Callable[[], Any]]:
    from windows.access.roles import ENGINE
    from windows.scheduling.queries import conflicts_of
    from windows.scheduling.queries.free import free_slots, sought_for_window
    from windows.scheduling.queries.loads import loads

    days = max(windows // SERVICES * EVERY.days + windows // SERVICES // 2, 1)

    def any_window() -> int:
        return 1001 + random.randrange(windows)

    def some_services() -> list[str]:
        return [f"service-{n}" for n in random.sample(range(1, SERVICES + 1), 3)]

    def count() -> None:
        begins = base + timedelta(days=random.random() * days)
        loads(some_services(), begins, begins + timedelta(hours=1))

    def search(ahead: int) -> None:
        now = base + timedelta(days=random.random() * days / 2)
        free_slots(sought_for_window(any_window(), ENGINE, now, now + timedelta(days=ahead)), ENGINE, now)

    return {
        "select 1": lambda: db.execute("select 1", prepare=True).fetchall(),
        "windows a month, 3 services": count,
        "full check, all reasons": lambda: conflicts_of(any_window(), now=base),
        "free slots, 14 days": lambda: search(14),
        "free slots, 28 days": lambda: search(28),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=20)
    given, base = parser.parse_args(), datetime(2027, 1, 1, tzinfo=UTC)
    with store() as address, psycopg.connect(address, autocommit=True) as db:
        fill(db, given.windows, base)
        tried = acts(db, given.windows, base)
        found: dict[str, list[float]] = {name: [] for name in tried}
        for act in tried.values():
            timed(act, 5)
        for _ in range(given.rounds):
            for name, act in tried.items():
                found[name] += timed(act, given.calls)
    print(f"\n{given.windows:,} windows" + " " * 20 + "p50 ms    p95 ms")
    for name, values in found.items():
        print(f"  {name:32}{statistics.median(values):10.3f}{p95(values):10.3f}")


if __name__ == "__main__":
    main()
