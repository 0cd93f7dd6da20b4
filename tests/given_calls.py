"""Runs whose steps call an outside system, and real workers that carry them out: what stories of killing start from."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.ledger import Ledger
from tests.workers import Workers
from windows.scheduling.models import Window

QUICK = {"ROADWORKS_LEASE": "1", "ROADWORKS_HEARTBEAT": "0.3", "ROADWORKS_SWEEP": "0.5", "HTTP_ALLOWED_HOSTS": "127.0.0.1"}


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    here = Ledger(pause=0.02)
    yield here
    here.close()


@pytest.fixture
def company(workers: Workers) -> Workers:
    workers.start("worker", "execute", 2, wait=False, **QUICK)
    workers.start("sweeper", "sweep", wait=False, **QUICK)
    workers.start("beat", wait=False, **QUICK)
    workers.ready()
    return workers


def call(ledger: Ledger, door: str, **facts: Any) -> dict[str, Any]:
    """A step that calls a door, undone at the one that honours keys."""
    undo = {"kind": "http", "params": {"method": "POST", "url": ledger.url("honours")}, "verb": "run"}
    params = {"method": "POST", "url": ledger.url(door)}
    base = {"kind": "http", "params": params, "undo": undo, "is_repeatable": door != "plain", "timeout": timedelta(seconds=20)}
    return base | {"backoff": timedelta(0), "max_attempts": 3} | facts


def copy_of(window: Window, number: int) -> Window:
    window.pk, window.uid, window.title = None, uuid.uuid4(), f"Window {number}"
    window._state.adding = True
    window.save()
    return window
