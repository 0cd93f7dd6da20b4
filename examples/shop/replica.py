"""One replica of the shop: orders and baskets over HTTP, obedient to the maintenance flag.

    python -m examples.shop.replica NAME REGION PORT     (run from the project's folder)

GET /orders, GET /orders/<id>, POST /orders, the same for /baskets, GET /healthz, GET /metrics. It asks the flag server by the
product's node client, honours the mode before anything else is done with a request, and acknowledges what it applied.
From the environment: TARGET_DATABASE_ORDERS, FLAGS_URL, PORTAL_URL, SHOP_STATE (the folder with the tokens).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from examples.shop.layout import ENVIRONMENT, SECRETS, SERVICES
from examples.shop.store import Store
from examples.shop.telemetry import Counters, Pusher
from examples.shop.tracing import Told, begun, ended
from examples.shop.treatment import Treatment, treatment
from windows.flags.client import MaintenanceFlag


class Shop(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int, store: Store, flags: dict[str, MaintenanceFlag], counters: Counters, labels: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store, self.flags, self.counters, self.labels = store, flags, counters, labels
        self.told = Told(labels)
        self.remembered: dict[str, Any] = {"orders": [], "baskets": []}  # the cheap answers of a degraded shop


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet
    disable_nagle_algorithm = True
    timeout = 60
    server: Shop

    def do_GET(self) -> None:
        match self.path.strip("/").split("/"):
            case ["healthz"]:
                self.answer(
                    200, {"node": self.server.labels["node"], "modes": {name: flag.mode for name, flag in self.server.flags.items()}}
                )
            case ["metrics"]:
                self.answer(200, self.server.counters.exposition(self.server.labels))
            case [("orders" | "baskets") as service, *rest] if len(rest) < 2:
                self.obey(service, "read", lambda: self.read(service, rest))
            case _:
                self.answer(404, {"detail": "There is no such page in this shop."})

    def do_POST(self) -> None:
        try:
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        except ValueError:
            self.answer(400, {"detail": "The body is not JSON."})
            return
        match self.path.strip("/"):
            case "orders":
                self.obey("orders", "write", lambda: (201, {"id": self.server.store.place_order(sent)}))
            case "baskets":
                self.obey("baskets", "write", lambda: (201, {"id": self.server.store.fill_basket(sent)}))
            case _:
                self.answer(404, {"detail": "There is no such page in this shop."})

    def obey(self, service: str, kind: str, work: Any) -> None:
        """Do the work as the flag of this moment allows, count how it ended, answer."""
        trace = begun(self.headers.get("traceparent") or "", f"{self.command} /{service}")
        flag = self.server.flags[service]
        told = flag.reading
        mode, value, window = told.mode, told.value, told.window
        headers = {"X-Maintenance-Mode": mode, **({"X-Maintenance-Window": window} if window else {})}
        match treatment(mode, kind):
            case Treatment.REFUSE:
                outcome, status = "refused", 503
                body: Any = {"detail": value.get("message") or "Closed for maintenance; please come back."}
                headers["Retry-After"] = str(int(value.get("retry_after") or 30))
            case Treatment.CHEAP:
                outcome, status, body = "served", 200, self.server.remembered[service]
            case _:
                outcome, status, body = attempt(work)
        self.server.counters.count(service, kind, outcome, window)
        ended(trace, status)
        self.server.told.keep(service, window, trace)
        self.answer(status, body, {**headers, "X-Trace-Id": trace.trace_id})

    def read(self, service: str, rest: list[str]) -> tuple[int, Any]:
        store = self.server.store
        if not rest:
            self.server.remembered[service] = store.newest_orders() if service == "orders" else store.newest_baskets()
            return 200, self.server.remembered[service]
        number = int(rest[0])
        found = store.order(number) if service == "orders" else store.basket(number)
        return (200, found) if found else (404, {"detail": f"There is no {service[:-1]} {number}."})

    def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        is_text = isinstance(body, str)
        content = body.encode() if is_text else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8" if is_text else "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Ten lines a second would tell nobody anything; failures are printed where they happen."""


def attempt(work: Any) -> tuple[str, int, Any]:
    try:
        return ("served", *work())
    except (KeyError, TypeError, ValueError) as error:
        return "served", 422, {"detail": f"Not understood: {error!r}"}
    except (psycopg.Error, PoolTimeout) as error:
        first = str(error).strip().splitlines()[:1]
        print(f"failed: {' '.join(first)}", flush=True)  # noqa: T201  (the log of this process)
        return "failed", 500, {"detail": "The shop could not do this."}


def main(name: str, region: str, port: int) -> None:
    secrets = json.loads((Path(os.environ["SHOP_STATE"]) / SECRETS).read_text())
    store, counters = Store(os.environ["TARGET_DATABASE_ORDERS"]), Counters()
    flags = {
        service: MaintenanceFlag(os.environ["FLAGS_URL"], secrets["nodes"][service][name], service, ENVIRONMENT, region, name)
        for service in SERVICES
    }
    store.open()
    shop = Shop(port, store, flags, counters, {"node": name, "region": region, "environment": ENVIRONMENT})
    pusher = Pusher(counters, os.environ["PORTAL_URL"], secrets["push"], name, shop.told)
    for number in (signal.SIGTERM, signal.SIGINT):  # shutdown() waits for serve_forever, which this very thread runs
        signal.signal(number, lambda *_: threading.Thread(target=shop.shutdown).start())
    for flag in flags.values():
        flag.start()
    pusher.start()
    shop.serve_forever(poll_interval=0.2)
    pusher.stop()  # the flags' threads end with us: a long poll may stay open for seconds, and nobody waits for it
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
