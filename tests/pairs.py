"""A large and a small instance of tests/instance.py behind an HAProxy; the small one can be held back as a container's CPU is."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from portal.bootstrap.processes import Child
from tests.limiting import Limiter
from tests.measured import exported
from tests.servers import Prometheus, Server, folder, free_ports, listens, remove
from tests.traffic import Balancer

PROGRAM = Path(__file__).with_name("instance.py")
PRICES = {"large": 36.0, "small": 0.9}


@dataclass
class Pair:
    edge: Balancer
    limiter: Limiter
    port: int  # of the small one

    def costs(self, price: float) -> None:
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/price/{price}").close()

    def prepare(self, quota: float = 100.0) -> None:
        """Everybody is on the large one; the small one may use so many CPU seconds a second."""
        self.limiter.quota = quota
        self.edge.tell("set server shop/small weight 0")
        self.edge.tell("set server shop/large weight 100")
        self.edge.tell("set server shop/large state ready")


@contextmanager
def pair(prometheus: Prometheus) -> Iterator[Pair]:
    """Scraped by this Prometheus."""
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
    try:
        with exported(metrics, prometheus), limiter.at_work():
            yield Pair(edge, limiter, ports["small"])
    finally:
        for server in (edge, *servers.values()):
            remove(server)
