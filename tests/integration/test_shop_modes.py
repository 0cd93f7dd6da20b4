"""One replica of the example shop on a real database: what visitors get in each mode of the flag."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import psycopg
import pytest
from django.db import connection

from examples.shop.replica import Shop
from examples.shop.store import Store
from examples.shop.telemetry import Counters
from portal.bootstrap import testing
from portal.bootstrap.postgres import OWNER, address
from windows.flags.client import Reading

ORDER = {"customer": "c", "country": "NO", "article": "a", "quantity": 2, "price_cents": 250}


class Replica:
    """The shop in this process, its flags in our hand."""

    def __init__(self, url: str) -> None:
        self.store, self.counters = Store(url), Counters()
        self.store.open()
        self.flags: dict[str, Any] = {name: SimpleNamespace(mode="normal", reading=Reading("normal")) for name in ("orders", "baskets")}
        labels = {"node": "shop-1", "region": "eu-west", "environment": "production"}
        self.server = Shop(0, self.store, self.flags, self.counters, labels)
        self.server.daemon_threads = False  # so that server_close() waits for them
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.server.server_address[1]}", trust_env=False, timeout=60)

    def set(self, mode: str, **value: Any) -> None:
        self.flags["orders"] = SimpleNamespace(mode=mode, reading=Reading(mode, value=value))

    def close(self) -> None:
        self.http.close()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.store.close()


def counted(replica: Replica, often: bool = True) -> list[tuple[str, str, int, int]]:
    """(objective, window, good, total) of what waits to be told."""
    return [(name, window, untold.good, untold.total) for name, window, untold in replica.counters.take(often)]


@pytest.fixture
def replica(transactional_db: None) -> Iterator[Replica]:
    where = connection.settings_dict
    url = testing.GIVEN or address(OWNER, str(where["NAME"]), str(where["HOST"]))
    replica = Replica(url)
    yield replica
    replica.close()
    with psycopg.connect(url, autocommit=True) as cleaning:
        cleaning.execute("drop table order_lines, orders, baskets, backups")


def test_a_normal_shop_reads_and_writes(replica: Replica) -> None:
    placed = replica.http.post("/orders", json=ORDER)
    assert placed.status_code == 201
    found = replica.http.get(f"/orders/{placed.json()['id']}").json()
    assert found == {"id": placed.json()["id"], "customer": "c", "country": "NO", "lines": [["a", 2, 250]]}
    assert replica.http.get("/orders").json()[0] == found["id"]
    assert replica.http.get("/orders/999999999").status_code == 404
    assert replica.http.post("/orders", json={"customer": "c"}).status_code == 422
    assert replica.http.post("/orders", content=b"{").status_code == 400


def test_a_read_only_shop_refuses_writes_and_says_when_to_come_back(replica: Replica) -> None:
    replica.set("read_only", retry_after=7, window="MW-1042", message="Back soon.")
    refused = replica.http.post("/orders", json=ORDER)
    assert (refused.status_code, refused.headers["Retry-After"], refused.json()["detail"]) == (503, "7", "Back soon.")
    assert refused.headers["X-Maintenance-Window"] == "MW-1042"
    assert replica.http.get("/orders").status_code == 200
    assert replica.http.post("/baskets", json={"visitor": "v", "items": 2}).status_code == 201  # another service, another flag
    metrics = replica.http.get("/metrics").text
    assert 'service="orders",kind="write",outcome="refused",maintenance_window="MW-1042"' in metrics
    assert ("orders-writes", "MW-1042", 0, 1) in counted(replica, often=False)


def test_an_offline_shop_refuses_everybody(replica: Replica) -> None:
    replica.set("offline", retry_after=60)
    for answer in (replica.http.get("/orders"), replica.http.get("/orders/1"), replica.http.post("/orders", json=ORDER)):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert replica.http.get("/healthz").json()["modes"] == {"orders": "offline", "baskets": "normal"}


def test_a_degraded_shop_answers_cheaply_from_memory(replica: Replica) -> None:
    newest = replica.http.get("/orders").json()
    replica.set("degraded")
    placed = replica.http.post("/orders", json=ORDER)
    assert placed.status_code == 201
    assert replica.http.get("/orders").json() == newest  # what it remembered, without asking the database
    assert replica.http.get(f"/orders/{placed.json()['id']}").json() == newest


def test_what_the_database_refuses_is_the_shops_fault(replica: Replica) -> None:
    with replica.store.pool.connection() as database:
        database.execute("alter table baskets add constraint basket_is_small check (items <= 3) not valid")
    assert replica.http.post("/baskets", json={"visitor": "v", "items": 3}).status_code == 201
    assert replica.http.post("/baskets", json={"visitor": "v", "items": 4}).status_code == 500
    assert counted(replica) == [("baskets-served", "", 1, 2)]
