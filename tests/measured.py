"""What counterparts of the templates measure of themselves, as a Prometheus of the tests scrapes it every second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from slo.telemetry.sources import prometheus as source
from tests.servers import Prometheus

LONG = 240.0  # seconds: the machine may be busy


@contextmanager
def exported(registry: CollectorRegistry, prometheus: Prometheus) -> Iterator[None]:
    """The registry's metrics, scraped."""
    server, thread = start_http_server(0, "127.0.0.1", registry)
    prometheus.scrape(f"127.0.0.1:{server.server_port}")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def until(holds: Callable[[], object], what: str = "it", seconds: float = LONG) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"{what} did not come about in {seconds:g} s"
        time.sleep(0.05)


def known(url: str, *queries: str) -> None:
    """Returns once each query has an answer that is a finite number."""
    for query in queries:
        until(lambda query=query: source.instant(query, url=url).value is not None, query)  # type: ignore[misc]


@contextmanager
def again_and_again(*acts: Callable[[], None], rest: float = 0.02) -> Iterator[None]:
    """Each act over and over in a thread of its own. An act tells itself what went wrong."""
    over = threading.Event()

    def go_on(act: Callable[[], None]) -> None:
        while not over.is_set():
            act()
            over.wait(rest)

    threads = [threading.Thread(target=go_on, args=[act], daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(90)
