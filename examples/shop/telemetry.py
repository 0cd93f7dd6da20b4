"""What a replica counts, and how it tells: Prometheus text for those who scrape, pushes of good and total to Roadworks.

A request ends in one of three ways: *served* (also "there is no such order": the shop did its work), *failed* (the shop's
fault), or *refused* (503 with Retry-After, because the maintenance flag says so). For each service there are three series:

    orders-reads    all reads;  refused and failed ones are bad
    orders-writes   all writes; refused and failed ones are bad: this is what users felt, a planned freeze included
    orders-served   what was taken on, reads and writes; failed ones are bad, refused ones are not in it

A watch gate asks the last one: during a freeze it goes on measuring (reads flow), it does not mistake the freeze that the
window itself ordered for a fault, and it sees at once when a migration breaks what was let in. An objective's raw figure
asks the first two. The refusals stand by themselves in shop_requests_total{outcome="refused"}.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from examples.shop.tracing import Told

OFTEN, SELDOM = 2.0, 10.0  # seconds between pushes: what gates ask, and the rest


@dataclass(slots=True)
class Untold:
    good: int = 0
    total: int = 0
    at: float = 0.0  # of its last request, by time.time()


class Counters:
    """Thread-safe. `requests` only grow, for scraping; `take` empties a series, for pushing."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.requests: Counter[tuple[str, str, str, str]] = Counter()  # service, kind, outcome, window
        self.untold: dict[tuple[str, str, int], Untold] = {}  # by series, window and minute

    def count(self, service: str, kind: str, outcome: str, window: str) -> None:
        good, at = int(outcome == "served"), time.time()
        with self.lock:
            self.requests[service, kind, outcome, window] += 1
            self.add(f"{service}-{kind}s", window, good, at)
            if outcome != "refused":
                self.add(f"{service}-served", window, good, at)

    def add(self, series: str, window: str, good: int, at: float) -> None:
        untold = self.untold.setdefault((series, window, int(at // 60)), Untold())
        untold.good += good
        untold.total += 1
        untold.at = at

    def take(self, often: bool) -> list[tuple[str, str, Untold]]:
        """What was counted since it was last taken, by series and window, each minute by itself: told a moment later, it still belongs
        to the minute it happened in."""
        with self.lock:
            keys = [key for key in self.untold if key[0].endswith("-served") == often]
            return [(series, window, self.untold.pop((series, window, minute))) for series, window, minute in keys]

    def exposition(self, labels: dict[str, str]) -> str:
        """Prometheus text format 0.0.4; each row is tagged with the window its requests met and the scope of it. `labels` are the
        replica's: node, region, environment. Owner and step are the portal's to tell (maintenance_window_active, by window)."""
        common = "".join(f',{name}="{value}"' for name, value in labels.items())
        with self.lock:
            rows = sorted(self.requests.items())
        lines = ["# HELP shop_requests_total Requests by how they ended.", "# TYPE shop_requests_total counter"]
        for (service, kind, outcome, window), value in rows:
            scope = f"{service}/{labels['environment']}/{labels['region']}" if window else ""
            tags = f'service="{service}",kind="{kind}",outcome="{outcome}",maintenance_window="{window}",maintenance_scope="{scope}"'
            lines.append(f"shop_requests_total{{{tags}{common}}} {value}")
        return "\n".join(lines) + "\n"


class Pusher(threading.Thread):
    """Sends what was counted. What could not be sent is sent later under the same key: counted once, never lost unless the shop ends."""

    def __init__(self, counters: Counters, portal_url: str, token: str, node: str, told: Told | None = None) -> None:
        super().__init__(name="pusher", daemon=True)
        self.counters, self.node, self.token, self.told = counters, node, token, told
        self.address = urlsplit(portal_url).netloc
        self.boot = f"{time.time_ns():x}"
        self.number = 0
        self.waiting: deque[tuple[str, dict[str, Any]]] = deque(maxlen=2000)
        self.connection: http.client.HTTPConnection | None = None
        self.refusals: set[tuple[str, int]] = set()
        self.ended = threading.Event()

    def run(self) -> None:
        rounds = 0
        while not self.ended.wait(OFTEN):
            rounds += 1
            self.gather(seldom=rounds % round(SELDOM / OFTEN) == 1)
            self.send()
            self.tell()

    def stop(self) -> None:
        """Say the last figures, unless the portal has gone already."""
        self.ended.set()
        self.join(3)
        self.gather(seldom=True)
        self.send()

    def gather(self, seldom: bool) -> None:
        for series, window, one in [*self.counters.take(often=True), *(self.counters.take(often=False) if seldom else [])]:
            self.number += 1
            at = datetime.fromtimestamp(one.at, UTC).isoformat()
            sample = {"key": f"{self.node}:{self.boot}:{self.number}", "at": at, "good": one.good, "total": one.total}
            self.waiting.append((series, sample | {"source": self.node, "window": window}))

    def send(self) -> None:
        while self.waiting:
            series, sample = self.waiting[0]
            try:
                status = self.post(f"/api/v1/objectives/{series}/measurements", {"samples": [sample]})
            except (OSError, http.client.HTTPException):
                self.connection = None
                return
            if status >= 500 or status in (408, 425, 429):
                return
            self.waiting.popleft()  # taken, or refused for good: sending it again would change nothing
            if status >= 400 and (series, status) not in self.refusals:  # told once: a log is not for saying the same all night
                print(f"pushing to {series} is refused: {status}", flush=True)  # noqa: T201  (the log of this process)
                self.refusals.add((series, status))

    def tell(self) -> None:
        """Traces and log lines, behind what is counted; what the portal does not take is let go."""
        for signal, body in self.told.take() if self.told else ():
            try:
                status = self.post(f"/api/v1/{signal}", body)
            except (OSError, http.client.HTTPException):
                self.connection = None
                return
            if status >= 400 and (signal, status) not in self.refusals:
                print(f"{signal} are refused: {status}", flush=True)  # noqa: T201  (the log of this process)
                self.refusals.add((signal, status))

    def post(self, path: str, body: dict[str, Any]) -> int:
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, timeout=2)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request("POST", path, json.dumps(body), headers)
        response = self.connection.getresponse()
        response.read()
        return response.status
