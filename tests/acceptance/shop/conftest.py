"""One `manage.py up` and one Chromium for all stories of the example shop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import chromium
from tests.shops import Shop, ready, until


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("shop") / "state")
    shop.start()
    yield shop
    shop.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


def held(shop: Shop, service: str, account: str) -> dict[str, Any]:
    """A run of the ready window that was held before its end: the live strip is on every page."""
    window = ready(shop, service)
    number = int(shop.post(account, f"/windows/{window['reference']}/start")["id"])
    until(lambda: shop.get(account, f"/runs/{number}")["status"] == "running", "the run to begin", 30)
    shop.post(account, f"/runs/{number}/hold", reason="Somebody wants to look.")
    run: dict[str, Any] = until(
        lambda: found if (found := shop.get(account, f"/runs/{number}"))["status"] == "held" else None, "the run to be held", 30
    )
    return run


@pytest.fixture(scope="module")
def rows(shop: Shop) -> Iterator[dict[str, Any]]:
    """What fills the addresses of pages: one row in each state that the example has, and a run that is held."""
    run = held(shop, "orders", "ben")
    feed = shop.post("gwen", "/feeds", kind="all")["address"]

    def first(status: str) -> str:
        return str(shop.get("gwen", "/windows", status=status)["items"][0]["reference"])

    def run_that(status: str) -> int:
        return next(int(row["id"]) for row in shop.get("gwen", "/runs")["items"] if row["status"] == status)

    yield {
        **{status: first(status) for status in ("draft", "requested", "approved", "running", "completed", "rolled_back")},
        "run": run["id"],
        "succeeded_run": run_that("succeeded"),
        "rolled_back_run": run_that("rolled_back"),
        "position": next(step["position"] for step in run["steps"] if step["status"] == "pending"),
        "verb": ["hold", "resume", "roll-back", "abort", "retry"],
        "step_verb": ["skip", "retry", "confirm", "attest"],
        "feed": feed.rsplit("/", 1)[1].removesuffix(".ics"),
        "service": "orders",
        "environment": "production",
        "runbook": "orders-schema-migration",
        "number": 1,
    }
    shop.post("ben", f"/runs/{run['id']}/roll_back", reason="Enough was looked at.")
