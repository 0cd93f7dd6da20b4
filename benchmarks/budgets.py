"""P-D: error budget and burn rates of 50 SLOs over 30 days of minutes, maintenance excluded; beside a real Prometheus on the same data.

    .venv/bin/python benchmarks/budgets.py [--slos 50] [--days 30] [--rounds 7]

Needs Debian's prometheus (with promtool). Both stores are made here and are gone afterwards. Every SLO has a window of two hours each week
in which half of its events are bad, and which is excluded.
Prometheus is asked for six ranges (5 m to 3 d and the whole) in three ways: a recorded series per minute from which the windows are left
out when it is recorded, which cannot be changed afterwards; raw counters with `unless` in a sub-query; and `increase()`, which cannot
leave anything out and is here to show by how much it is wrong. We answer what every page asks: `health()`, raw and adjusted, with eight
ranges, from the record of adjustments. Rounds are interleaved, medians shown; only the ratios of one run mean anything.
Targets: at most 1/30 of the recorded series, 1/100 of the sub-query, exact; one SLO over HTTP at most 1/4 of Prometheus.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from budgets_data import DAY, Series, exposition, fill_ours, made
from conflicts import store
from flags_peers import free_port
from pages import serve

from portal.bootstrap.ports import answers
from portal.bootstrap.processes import Child, Supervisor

RANGES = ("5m", "30m", "1h", "6h", "3d")


@contextmanager
def prometheus(made: list[Series], begins: datetime) -> Iterator[str]:
    """A Prometheus that holds them; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="roadworks-bench-"))
    supervisor = Supervisor(folder)
    try:
        exposition(made, begins, text := folder / "data.txt")
        tool = [
            needed("promtool"),
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "--max-block-duration=720h",
            "--quiet",
            text,
            folder / "tsdb",
        ]
        subprocess.run(tool, check=True)
        text.unlink()
        (folder / "prometheus.yml").write_text("global: {scrape_interval: 1m}\n")
        port = free_port()
        options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb", "--storage.tsdb.retention.time=60d"]
        command = [needed("prometheus"), *options, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        supervisor.start(Child("prometheus", command, ready=answers(f"http://127.0.0.1:{port}/-/ready")))
        yield f"http://127.0.0.1:{port}"
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def needed(program: str) -> str:
    return shutil.which(program) or sys.exit(f"{program} is missing: apt-get install prometheus")


class Asked:
    """Prometheus at the end of the data, over `ranges`; each question a request."""

    def __init__(self, url: str, end: datetime, days: int) -> None:
        self.url, self.end, self.ranges = url, int(end.timestamp()), (*RANGES, f"{days}d")

    def query(self, text: str) -> list[dict[str, Any]]:
        sent = urllib.parse.urlencode({"query": text, "time": self.end}).encode()
        with urllib.request.urlopen(f"{self.url}/api/v1/query", sent, timeout=300) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def each(self, text: str) -> list[dict[str, Any]]:
        """The answer for the longest range, after all the others."""
        return [self.query(text.replace("RANGE", one)) for one in self.ranges][-1]

    def recorded(self, slo: str = "") -> list[dict[str, Any]]:
        which = f'{{slo="{slo}"}}' if slo else ""
        return self.each(f"(sum_over_time(slo_bad_ok{which}[RANGE]) / sum_over_time(slo_total_ok{which}[RANGE])) / 0.001")

    def unless(self) -> list[dict[str, Any]]:
        part = "sum_over_time((increase(slo_{}_total[2m]) / 2 unless on (slo) slo_maintenance == 1)[RANGE:1m])"
        return self.each(f"({part.format('bad')} / {part.format('total')}) / 0.001")

    def increase(self) -> list[dict[str, Any]]:
        return self.each("(increase(slo_bad_total[RANGE]) / increase(slo_total_total[RANGE])) / 0.001")


def wrong_by(found: list[dict[str, Any]], exact: dict[str, float]) -> float:
    """The largest difference of a burn rate over the whole range."""
    assert len(found) == len(exact), f"{len(found)} series"
    return max(abs(float(one["value"][1]) - exact[one["metric"]["slo"]]) for one in found)


def ours(end: datetime) -> Callable[[], dict[str, float]]:
    """Burn rate over the whole range of each SLO, as `health()` knows it: beside seven more ranges, raw and adjusted."""
    from slo.objectives.queries import health, promises

    def ask() -> dict[str, float]:
        found = health(promises(), end)
        return {one.promise.slug: 1 - (one.figures.adjusted.remaining or 0.0) for one in found}

    return ask


def over_http(supervisor: Supervisor, end: datetime) -> Callable[[], object]:
    from windows.access.roles import Actor, Role
    from windows.catalogue.commands.tokens import issue_token
    from windows.catalogue.models import Membership, Person, Service, Team

    team = Team.objects.create(slug="team", name="Team")
    person = Person.objects.create(email="p@example.org", name="P")
    Membership.objects.create(person=person, team=team, role=Role.OWNER.value)
    Service.objects.create(slug="slo-1", name="One", team=team)
    actor = Actor(name="P", person_id=person.pk, roles=frozenset({("team", Role.OWNER)}), via="browser")
    token = issue_token(actor, "benchmark", ["read"], datetime.now(UTC) + DAY)[1]
    url = serve(supervisor, "portal", "portal.wsgi:application", "/healthz")
    request = urllib.request.Request(f"{url}/api/v1/objectives/slo-1/budget", headers={"Authorization": f"Bearer {token}"})

    def ask() -> object:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    return ask


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slos", type=int, default=50)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    begins, all_of = end - given.days * DAY, made(given.slos, given.days * 1440)
    exact = {one.name: one.burned for one in all_of}
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
    os.environ["ROADWORKS_API_RATE"] = os.environ["ROADWORKS_API_BURST"] = "1000000"
    with store() as address, psycopg.connect(address, autocommit=True) as db, tempfile.TemporaryDirectory() as folder:
        fill_ours(db, all_of, begins)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH")]))
        supervisor = Supervisor(Path(folder))
        try:
            with prometheus(all_of, begins) as url:
                report(given, exact, Asked(url, end, given.days), ours(end), over_http(supervisor, end))
        finally:
            supervisor.stop()


def report(given: Any, exact: dict[str, float], peer: Asked, mine: Callable[[], dict[str, float]], http: Callable[[], object]) -> None:
    found = mine()
    apart = max(abs(found[name] - value) for name, value in exact.items())
    print(f"{given.slos} SLOs, {given.days} days; load {os.getloadavg()[0]:.1f}: so far is a burn rate over all of it from the exact one:")
    print(f"  ours {apart:.1e}, recorded {wrong_by(peer.recorded(), exact):.1e}, unless {wrong_by(peer.unless(), exact):.1e},", end=" ")
    print(f"increase {wrong_by(peer.increase(), exact):.1e}")
    acts: dict[str, Callable[[], object]] = {
        "ours, all": mine, "Prometheus, recorded": peer.recorded, "Prometheus, increase (wrong)": peer.increase,
        "ours, one over HTTP": http, "Prometheus, one over HTTP": lambda: peer.recorded("slo-1"),
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(given.rounds):
        for name, act in acts.items():
            times[name].append(timed(act))
    times["Prometheus, unless"] = [timed(peer.unless) for _ in range(3)]
    middle = {name: statistics.median(values) for name, values in times.items()}
    for name, value in middle.items():
        against = middle["ours, one over HTTP" if "HTTP" in name else "ours, all"]
        print(f"  {name:32} {value:10.2f} ms {value / against:8.1f} x ours   [{min(times[name]):.2f} .. {max(times[name]):.2f}]")


if __name__ == "__main__":
    main()
