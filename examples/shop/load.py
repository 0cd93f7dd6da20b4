"""Visitors of the shop: about fifteen requests a second over all replicas, a little more by day than by night.

    python -m examples.shop.load FIRST_PORT     (run from the project's folder)

Beside the visitors it runs the demonstration and the backups. From the environment: PORTAL_URL, SHOP_STATE (the folder with the
tokens), TARGET_DATABASE_ORDERS, and SHOP_WAITS=short, which makes the demonstration's windows quick, for tests.
Bounded: one request at a time to each replica, none sooner than its turn. A visitor who is told Retry-After does not come
back before. What the visitors saw is on the port after the replicas': GET / as JSON, GET /metrics for Prometheus.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from examples.shop.backup import Backups
from examples.shop.demonstration import Demonstration
from examples.shop.layout import BACKUPS, REPLICAS, TOKENS, load_port

ACTIONS = {("orders", "read"): 50, ("orders", "write"): 12, ("baskets", "read"): 20, ("baskets", "write"): 18}  # of a hundred
TIMEOUT = 5.0


def pace(now: datetime) -> float:
    """Requests a second, all replicas together: 11 by night, 19 in the afternoon (UTC)."""
    return 15 + 4 * math.sin((now.hour + now.minute / 60 - 9) / 12 * math.pi)


class Visitors:
    """Shared by one thread per replica."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seen: Counter[tuple[str, str, str]] = Counter()  # service, kind, outcome: served, refused or failed
        self.not_before: dict[tuple[str, str], float] = {}
        self.known: dict[str, list[int]] = {"orders": [], "baskets": []}
        self.last_failure = ""
        self.quiet_until = 0.0  # one line in five seconds is enough of the same
        self.ended = threading.Event()

    def visit(self, port: int) -> None:
        """Until told to end: one request after the other, at this replica's share of the pace."""
        dice = random.Random(port)  # noqa: S311  (visitors, not secrets)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        while not is_open(port) and not self.ended.wait(0.5):
            pass
        due = time.monotonic() + dice.random()
        while not self.ended.wait(max(0.0, due - time.monotonic())):
            due = max(due, time.monotonic() - 1) + len(REPLICAS) / pace(datetime.now(UTC)) * dice.uniform(0.7, 1.3)
            (action,) = dice.choices(list(ACTIONS), list(ACTIONS.values()))
            if time.monotonic() < self.not_before.get(action, 0):
                continue  # told to come back later
            self.ask(connection, *action, dice)

    def ask(self, connection: http.client.HTTPConnection, service: str, kind: str, dice: random.Random) -> None:
        method, path, body = self.wish(service, kind, dice)
        try:
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self.saw(service, kind, "failed", f"{method} {path}: {error!r}")
            self.ended.wait(0.5)
            return
        retry_after = response.headers.get("Retry-After")
        if response.status in (429, 503) and retry_after:
            self.saw(service, kind, "refused")
            self.not_before[service, kind] = time.monotonic() + int(retry_after) * dice.uniform(1, 1.2)
        elif response.status >= 500:
            self.saw(service, kind, "failed", f"{method} {path}: {response.status} {answer[:200].decode(errors='replace')}")
        else:
            self.saw(service, kind, "served")
            if kind == "read" and isinstance(numbers := json.loads(answer), list):
                self.known[service] = numbers

    def wish(self, service: str, kind: str, dice: random.Random) -> tuple[str, str, dict[str, Any] | None]:
        if kind == "read":
            numbers = self.known[service]
            return "GET", f"/{service}/{dice.choice(numbers)}" if numbers and dice.random() < 0.8 else f"/{service}", None
        if service == "orders":
            country = dice.choice(["DE", "FR", "NO", "SE", "NL"])
            order = {"customer": f"customer-{dice.randrange(700)}", "country": country, "article": f"article-{dice.randrange(90)}"}
            return "POST", "/orders", {**order, "quantity": dice.randint(1, 3), "price_cents": dice.randint(500, 4500)}
        return "POST", "/baskets", {"visitor": f"visitor-{dice.randrange(900)}", "items": dice.randint(1, 6)}

    def saw(self, service: str, kind: str, outcome: str, why: str = "") -> None:
        with self.lock:
            self.seen[service, kind, outcome] += 1
            if why:
                self.last_failure = f"{datetime.now(UTC):%H:%M:%S} {why}"
                if time.monotonic() > self.quiet_until:
                    print(self.last_failure, flush=True)  # noqa: T201  (the log of this process)
                    self.quiet_until = time.monotonic() + 5

    def report(self) -> dict[str, Any]:
        """{"orders": {"read": {"served": n, "refused": n, "failed": n}, "write": …}, …, "last_failure": text}"""
        with self.lock:
            seen = Counter(self.seen)
        outcomes = ("served", "refused", "failed")
        told: dict[str, Any] = {}
        for service, kind in ACTIONS:
            told.setdefault(service, {})[kind] = {outcome: seen[service, kind, outcome] for outcome in outcomes}
        return {**told, "last_failure": self.last_failure}


def is_open(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def told_by(visitors: Visitors) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = "application/json", json.dumps(visitors.report())
            if self.path == "/metrics":
                kind = "text/plain; version=0.0.4; charset=utf-8"
                rows = sorted(visitors.seen.items())
                lines = [f'shop_visits_total{{service="{s}",kind="{k}",outcome="{o}"}} {n}' for (s, k, o), n in rows]
                content = "\n".join(["# TYPE shop_visits_total counter", *lines]) + "\n"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def main(first_port: int) -> None:
    visitors = Visitors()
    server = ThreadingHTTPServer(("127.0.0.1", load_port(first_port)), told_by(visitors))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    for offset in range(len(REPLICAS)):
        threading.Thread(target=visitors.visit, args=[first_port + offset], daemon=True).start()
    state = Path(os.environ["SHOP_STATE"])
    tokens = json.loads((state / TOKENS).read_text())
    demonstration = Demonstration(os.environ["PORTAL_URL"], tokens, first_port, os.environ.get("SHOP_WAITS") == "short")
    backups = Backups(os.environ["TARGET_DATABASE_ORDERS"], state / BACKUPS)
    demonstration.start()
    backups.start()
    server.serve_forever(poll_interval=0.2)
    visitors.ended.set()
    demonstration.ended.set()
    backups.ended.set()


if __name__ == "__main__":
    main(int(sys.argv[1]))
