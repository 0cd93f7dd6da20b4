"""N13 from outside: the canary of preflight goes through the portal's real OTLP door, and nobody else gets in by its key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.core.signals import request_started

from slo.telemetry.models import DayTotal, Measurement, Sample
from tests import given_windows as given
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.signals import door
from windows.signals.commands.canaries import fly
from windows.signals.models import StoredLine, StoredSpan
from windows.signals.otlp.canary import Canary, log_of, point_of
from windows.signals.otlp.reading import PROTOBUF

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def one() -> Canary:
    return Canary(given.window(given.actor("olga", ("shop", Role.OWNER)), "orders").reference, "orders", "production", "1")


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The addresses that were asked for over HTTP."""
    found: list[str] = []

    def heard(environ: Any, **_: Any) -> None:
        found.append(environ["PATH_INFO"])

    request_started.connect(heard)
    yield found
    request_started.disconnect(heard)


def post(client: Any, body: bytes, claim: str, signal: str = "logs") -> Any:
    return client.post(f"/api/v1/{signal}", body, PROTOBUF, headers={"Authorization": claim})


def test_n13_the_canary_goes_through_the_http_door(one: Canary, live_server: Any, settings: Any, asked: list[str]) -> None:
    settings.OTLP_URL = live_server.url
    found = fly(one, clock(), metrics=True, pushes=True, scrapes=True)
    assert [(each.signal, each.came_back, each.why) for each in found] == [
        (signal, True, "") for signal in ("logs", "traces", "metrics", "pushed measurements", "scraped counters")
    ]
    assert asked == ["/api/v1/logs", "/api/v1/traces", "/api/v1/metrics"]
    for model in (StoredLine, StoredSpan, Sample, Measurement, DayTotal):
        assert not model._default_manager.exists()


def test_n13_a_door_that_is_shut_or_is_no_door_of_ours_is_said(one: Canary, live_server: Any, settings: Any) -> None:
    settings.OTLP_URL = "http://127.0.0.1:9"
    logs = fly(one, clock(), metrics=False, pushes=False)[0]
    assert not logs.came_back and logs.why.startswith("http://127.0.0.1:9/api/v1/logs could not be reached: ConnectError")
    settings.OTLP_URL = f"{live_server.url}/elsewhere"
    assert fly(one, clock(), metrics=False, pushes=False)[0].why.endswith("/elsewhere/api/v1/logs answered 404")


def test_what_the_door_refuses_is_said_in_its_own_words(one: Canary, live_server: Any, settings: Any) -> None:
    settings.OTLP_URL = live_server.url
    late = fly(one, clock() - timedelta(days=8), metrics=False, pushes=False)[0]
    assert not late.came_back and late.why == "1 refused: a log record is at most 7 days old and 5 minutes ahead"


def test_nobody_gets_in_by_another_claim(one: Canary, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock()
    body, other = log_of(one, now), log_of(one, now - timedelta(seconds=1))
    claim = f"{door.SCHEME} {door.signed(body, one.series)}"
    assert post(client, other, claim).status_code == 403, "it is for one body"
    assert post(client, body, claim[:-1] + ("A" if claim[-1] != "A" else "B")).status_code == 401
    assert post(client, body, f"{door.SCHEME} {signing.dumps([door.digest(body), one.series], salt='another')}").status_code == 401
    assert post(client, body, "Canary").status_code == 401 and not StoredLine.objects.exists()
    assert client.get("/api/v1/windows", headers={"Authorization": claim}).status_code == 401, "it opens no other door"
    assert post(client, body, claim).status_code == 200 and StoredLine.objects.count() == 1
    assert post(client, point_of(one, now), f"{door.SCHEME} {door.signed(point_of(one, now), one.series)}", "metrics").status_code == 200
    assert set(Measurement.objects.values_list("series", flat=True)) == {one.series}, "no objective's own"
    monkeypatch.setattr(door, "GOOD_FOR", -1)
    assert post(client, body, claim).status_code == 401, "it is worth nothing any more"
