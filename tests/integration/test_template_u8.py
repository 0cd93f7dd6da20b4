"""U8 for real: users move to a smaller instance behind HAProxy; one whose CPU is held back is left again, however quick it looks."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from portal.bootstrap.processes import Child
from tests.given_templates import TEMPLATES, carried_out, outcomes
from tests.limiting import Limiter
from tests.measured import exported, known
from tests.servers import Prometheus, Server, folder, free_ports, listens, remove
from tests.traffic import Balancer, Users
from windows.execution.models import Run
from windows.runbooks.spec import parse, resolve

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAM = Path(__file__).parents[1] / "instance.py"
FAST = {"seconds": 5, "settle": "1s", "errors": 0, "p95": 60}
PRICES = {"large": 36.0, "small": 0.9}


@dataclass
class Pair:
    edge: Balancer
    limiter: Limiter
    port: int  # of the small one

    def costs(self, price: float) -> None:
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/price/{price}").close()


@pytest.fixture(scope="module")
def pair(prometheus: Prometheus) -> Iterator[Pair]:
    ports = dict(zip(PRICES, free_ports(2), strict=True))
    servers = {}
    for name, port in ports.items():
        base, _ = folder(name)
        servers[name] = Server(
            "", base, Child(name, [sys.executable, str(PROGRAM), name, str(port), str(PRICES[name])], ready=listens(port))
        )
    prometheus.scrape(*(f"127.0.0.1:{port}" for port in ports.values()))
    metrics = CollectorRegistry()
    counts = [
        Counter(f"container_cpu_cfs_{what}", "Of the kernel's", ["instance_name"], registry=metrics).labels("small")
        for what in ("periods", "throttled_periods")
    ]
    limiter, edge = Limiter(servers["small"].pid, *counts), Balancer(ports, check=False)
    with exported(metrics, prometheus), limiter.at_work():
        yield Pair(edge, limiter, ports["small"])
    for server in (edge, *servers.values()):
        remove(server)


def downsized(pair: Pair, prometheus: Prometheus, settings: Any, *, shares: str = "[10, 50, 100]", **said: Any) -> tuple[Run, Users]:
    settings.BALANCERS, settings.PROMETHEUS_URL = {"edge": pair.edge.address}, prometheus.url
    pair.edge.tell("set server shop/small weight 0")
    pair.edge.tell("set server shop/large weight 100")
    pair.edge.tell("set server shop/large state ready")
    with Users(pair.edge.url, count=3, rest=0.03) as users:
        known(prometheus.url, 'rate(http_requests_total{version="large"}[5s]) > 0', "rate(container_cpu_cfs_periods_total[5s]) > 0")
        text = (TEMPLATES / "u8-downsizing.yaml").read_text().replace("in: [10, 50, 100]", f"in: {shares}")
        return carried_out(resolve(parse(text), FAST | said)), users


def test_u8_e04_users_move_to_the_small_one_and_a_request_costs_less(pair: Pair, prometheus: Prometheus, settings: Any) -> None:
    pair.limiter.quota = 100.0
    run, users = downsized(pair, prometheus, settings)
    assert run.status == "succeeded", (run.reason, outcomes(run), users.failed[:3])
    assert not users.failed
    assert pair.edge.weights() == {"large": 0, "small": 100}


def test_u8_e04_cpu_that_is_held_back_takes_users_back(pair: Pair, prometheus: Prometheus, settings: Any) -> None:
    """Its answers are quick enough and none fails: only the periods in which it stood still tell."""
    pair.limiter.quota = 0.05
    run, users = downsized(pair, prometheus, settings)
    pair.limiter.quota = 100.0
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "its CPU is not held back" in run.reason
    assert not users.failed
    assert pair.edge.weights() == {"large": 100, "small": 0}
    assert outcomes(run)["Nobody meets an error (after rollback)"][0] == "succeeded"


def test_u8_e04_a_request_that_costs_no_less_takes_users_back(pair: Pair, prometheus: Prometheus, settings: Any) -> None:
    """The small one is as quick as the large one and costs a hundred times as much."""
    pair.costs(100 * PRICES["large"])
    run, users = downsized(pair, prometheus, settings, shares="[100]")
    pair.costs(PRICES["small"])
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "“A request costs less” failed" in run.reason
    assert not users.failed
    assert pair.edge.weights() == {"large": 100, "small": 0}
