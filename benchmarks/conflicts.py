"""P-C1 and P-C2: asking for conflicts and taking slots, with many windows stored.

    .venv/bin/python benchmarks/conflicts.py [--windows 100000] [--rounds 5] [--calls 400]

A store of its own (durable settings), 1,000 services with windows every 12 hours, every slot held. Rounds are interleaved, medians
shown; only the ratios of one run mean anything.
C1: the look-up for 1 and 20 services beside `select 1` on the same connection (targets 1.5x, 3x), and beside a query that only carries
the same parameters; the whole check with every reason, through the ORM (target 20 ms p95). Also what the look-up costs where an integer
is sent as smallint to the exclusion constraint's index.
C2: one insert a transaction, committed durably, as production does: under the exclusion constraint, without it, and with lock + look +
insert in its place (targets: at least 0.7x plain, 1.8x the latter). The same once more with asynchronous commit, which hides nothing of
the constraint's own work.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402

from portal.bootstrap.postgres import Cluster  # noqa: E402
from portal.bootstrap.processes import Supervisor  # noqa: E402

SERVICES = 1000
EVERY = timedelta(hours=12)
BARE = "select %s::bigint[], %s::timestamptz, %s::timestamptz, %s::timestamptz"
LOOK_UP = """select window_id from scheduling_windowscope where holds_slot and service_id = any(%s::bigint[])
 and lower(reserved) > %s and lower(reserved) < %s and upper(reserved) > %s"""
ONE = LOOK_UP.replace("any(%s::bigint[])", "%s::bigint")
TRAP = "select window_id from scheduling_windowscope where holds_slot and service_id = %s::{} and reserved && tstzrange(%s, %s)"
COPY = "create table {} (like scheduling_windowscope including defaults including indexes excluding constraints)"
INSERT = """insert into {} (id, window_id, service_id, environment, region, layer, reserved, holds_slot) values
 (nextval(pg_get_serial_sequence('scheduling_windowscope', 'id')), %s, %s, 'production', 'r9', 'L3', tstzrange(%s, %s), true)"""
EXCLUSION = "select conname from pg_constraint where conrelid = %s::regclass and contype = 'x'"


@contextmanager
def store() -> Iterator[str]:
    """An empty PostgreSQL with Roadworks' tables, Django set up on it; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="roadworks-bench-"))
    cluster, supervisor = Cluster.at(folder), Supervisor(folder)
    try:
        cluster.create()
        supervisor.start(cluster.child("shared_buffers=512MB", "max_wal_size=4GB"))
        cluster.create_database()
        address = cluster.address("roadworks")
        os.environ.update(DATABASE_URL=address, ROADWORKS_LOCAL="1", DJANGO_SETTINGS_MODULE="portal.settings", LOG_LEVEL="ERROR")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        yield address
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(cluster.home.parent if cluster.user else cluster.home, ignore_errors=True)


def fill(db: psycopg.Connection[Any], windows: int, base: datetime) -> None:
    """Windows of one service and one hour each, approved, none in another's way; every service needs the next two."""
    from windows.catalogue.models import Dependency, Person, Service, Team

    Team.objects.bulk_create(Team(pk=n, slug=f"team-{n}", name="Team") for n in range(1, 51))
    Person.objects.bulk_create(Person(pk=n, email=f"p{n}@example.org", name="P") for n in range(1, 501))
    Service.objects.bulk_create(Service(pk=n, slug=f"service-{n}", name="Service", team_id=1 + n % 50) for n in range(1, SERVICES + 1))
    needs = [(n, 1 + (n + k) % SERVICES) for n in range(1, SERVICES + 1) for k in (0, 1)]
    Dependency.objects.bulk_create(Dependency(service_id=n, depends_on_id=other) for n, other in needs if n != other)
    db.execute(
        """insert into scheduling_window (title, reason, team_id, owner_id, coordinator_id, created_by_id, status, mode, change_type,
            starts_at, ends_at, timezone, wall_start, wall_end, starts_itself, parameters, expected_impact, slack,
            confidential, is_example, version, sequence, uid, vevent, recurrence_id, expected_alerts)
        select 'Window', 'Because.', 1 + n %% 50, 1 + n %% 500, 1 + n %% 500, 1, 'approved', 'degraded', 'normal',
            at, at + interval '1 hour', 'UTC', '', '', true, '{}', '', 0, false, false, 1, 1, gen_random_uuid(), '', '', '[]'
        from generate_series(0, %s) n, lateral (select %s::timestamptz + (n / %s) * %s::interval as at) t""",
        [windows - 1, base, SERVICES, EVERY],
    )
    db.execute(
        """insert into scheduling_windowscope (window_id, service_id, environment, region, layer, reserved, holds_slot)
        select id, 1 + (id - 1001) %% %s, 'production', 'r1', 'L3', tstzrange(starts_at, ends_at), true from scheduling_window""",
        [SERVICES],
    )
    db.execute("vacuum analyze")


def timed(act: Callable[[], Any], calls: int) -> list[float]:
    """Milliseconds of each call."""
    found = []
    for _ in range(calls):
        begun = time.perf_counter()
        act()
        found.append((time.perf_counter() - begun) * 1000)
    return found


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def look_ups(db: psycopg.Connection[Any], windows: int, base: datetime, rounds: int, calls: int) -> None:
    from windows.scheduling.queries import conflicts_of

    span = max(1, windows // SERVICES) * EVERY

    def ask(query: str, count: int) -> None:
        begins = base + random.random() * span
        ids = random.sample(range(1, SERVICES + 1), count)
        wanted = ids[0] if query is ONE else ids
        db.execute(query, [wanted, begins - timedelta(days=7), begins + timedelta(hours=2), begins], prepare=True).fetchall()

    def trap(kind: str) -> None:
        begins = base + random.random() * span
        db.execute(TRAP.format(kind), [random.randint(1, SERVICES), begins, begins + timedelta(hours=2)], prepare=True).fetchall()

    acts: dict[str, tuple[Callable[[], Any], int]] = {
        "select 1": (lambda: db.execute("select 1", prepare=True).fetchall(), calls),
        "a select of the same parameters": (lambda: ask(BARE, 1), calls),
        "look-up, 1 service": (lambda: ask(ONE, 1), calls),
        "look-up, 20 services": (lambda: ask(LOOK_UP, 20), calls),
        "GiST, bigint": (lambda: trap("bigint"), calls),
        "GiST, smallint (the trap)": (lambda: trap("smallint"), max(5, calls // 40)),
        "full check, all reasons": (lambda: conflicts_of(1001 + random.randrange(windows), now=base), calls // 4),
    }
    for act, _ in acts.values():
        timed(act, 20)
    found: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, (act, times) in acts.items():
            found[name] += timed(act, times)
    one, bare = statistics.median(found["select 1"]), statistics.median(found["a select of the same parameters"])
    print(f"\nP-C1, {windows:,} windows" + " " * 24 + "p50 ms    p95 ms   x select 1   x same parameters")
    for name, values in found.items():
        p50 = statistics.median(values)
        print(f"  {name:38}{p50:10.3f}{p95(values):10.3f}{p50 / one:13.2f}{p50 / bare:20.2f}")


def inserts(address: str, windows: int, base: datetime, rounds: int, calls: int) -> None:
    """Slots beyond what is stored, each at a place of its own, so that nothing is refused and the work is the same."""
    free = iter(range(10**9))
    beyond = base + (windows // SERVICES + 2) * EVERY

    def row() -> tuple[Any, ...]:
        number = next(free)
        begins = beyond + (number // SERVICES) * timedelta(hours=2)
        return 1001 + number % windows, 1 + number % SERVICES, begins, begins + timedelta(hours=1)

    with psycopg.connect(address, autocommit=True) as db:
        for name in ("plain", "looked"):
            db.execute(COPY.format(name))
            for (constraint,) in db.execute(EXCLUSION, [name]).fetchall():
                db.execute(f'alter table {name} drop constraint "{constraint}"')
            db.execute(f"insert into {name} select * from scheduling_windowscope")
            for column, other in (("window_id", "scheduling_window"), ("service_id", "catalogue_service")):
                db.execute(f"alter table {name} add foreign key ({column}) references {other} deferrable initially deferred")
        db.execute("vacuum analyze")

        def looked() -> None:
            values = row()
            with db.transaction():
                db.execute("select id from catalogue_service where id = %s for update", [values[1]], prepare=True)
                begins, ends = values[2:]
                look = LOOK_UP.replace("scheduling_windowscope", "looked") + " and environment = 'production' and region = 'r9' limit 1"
                assert not db.execute(look, [[values[1]], begins - timedelta(days=7), ends, begins], prepare=True).fetchall()
                db.execute(INSERT.format("looked"), values, prepare=True)

        acts: dict[str, Callable[[], Any]] = {
            "guarded by the constraint": lambda: db.execute(INSERT.format("scheduling_windowscope"), row(), prepare=True),
            "plain": lambda: db.execute(INSERT.format("plain"), row(), prepare=True),
            "lock + look + insert": looked,
        }
        for commit in ("on", "off"):
            db.execute(f"set synchronous_commit = {commit}")
            rates: dict[str, list[float]] = {name: [] for name in acts}
            for _ in range(rounds):
                for name, act in acts.items():
                    rates[name].append(1000 / statistics.mean(timed(act, calls * 5)))
            guarded = statistics.median(rates["guarded by the constraint"])
            how = "durable" if commit == "on" else "asynchronous"
            print(f"\nP-C2, {windows:,} windows, {how:24} inserts/s   we are")
            for name, values in rates.items():
                print(f"  {name:34}{statistics.median(values):12,.0f}{guarded / statistics.median(values):9.2f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=400)
    given = parser.parse_args()
    base = datetime(2027, 1, 1, tzinfo=UTC)
    with store() as address:
        begun = time.perf_counter()
        with psycopg.connect(address, autocommit=True) as db:
            fill(db, given.windows, base)
            print(f"{given.windows:,} windows stored in {time.perf_counter() - begun:.0f} s")
            look_ups(db, given.windows, base, given.rounds, given.calls)
        inserts(address, given.windows, base, given.rounds, given.calls)


if __name__ == "__main__":
    main()
