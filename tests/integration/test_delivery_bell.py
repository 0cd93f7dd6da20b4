"""A broker that is away holds nobody up: not the person who pressed, not a rollback under way."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from portal.celery import app, use_broker
from windows.delivery import bell


@pytest.fixture
def before() -> Iterator[str]:
    url = app.conf.broker_url
    yield url
    use_broker(url)
    bell._Broker.silent_until = 0.0


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis+socket:///nowhere/valkey.sock", "amqp://127.0.0.1:1//"])
def test_ringing_in_vain_costs_little(before: str, url: str) -> None:
    use_broker(url)
    spans = []
    for _ in range(3):
        bell._Broker.silent_until = 0.0
        began = time.monotonic()
        assert bell.ring("delivery.notify") is False
        spans.append(time.monotonic() - began)
    assert min(spans) < 3, "it was 0.05 s when written, and 6 s before; the first one loads the broker's client"
    assert bell.ring("delivery.notify") is False
