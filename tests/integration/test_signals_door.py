"""N13 from outside: the canary of preflight goes through the portal's real OTLP door, and nobody else gets in by its key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.core.signals import request_started

from slo.telemetry.commands import push
from slo.telemetry.models import Counter, DayTotal, Measurement, Sample, TaggedMinute
from slo.telemetry.readings import Push
from tests import given_windows as given
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.signals import door, tasks
from windows.signals.commands import canaries, sweeping
from windows.signals.commands.canaries import fly
from windows.signals.models import SentCanary, StoredLine, StoredSpan
from windows.signals.otlp.canary import METRIC, NAME, Canary, log_of, point_of, span_of
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


def late(client: Any, one: Canary) -> None:
    """It flies, and its door stores all of it after it was looked for and taken away."""
    now = clock()
    fly(one, now, metrics=True, pushes=True)
    for signal, body in (("logs", log_of(one, now)), ("traces", span_of(one, now)), ("metrics", point_of(one, now))):
        assert post(client, body, f"{door.SCHEME} {door.signed(body, one.series)}", signal).status_code == 200


def test_what_comes_late_of_a_canary_is_swept_and_nothing_that_anybody_sends_like_it(
    one: Canary, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 1)
    late(client, one)
    late(client, Canary(one.window, one.service, one.environment, "2"))
    now = clock()
    line, span = StoredLine.objects.filter(trace_id=one.trace_id).get(), StoredSpan.objects.get(trace_id=one.trace_id)
    assert line.text == span.name == NAME and line.window == one.window
    for row, changed in ((line, {"digest": "like it"}), (span, {"service": "mail"}), (span, {"span_id": "ab" * 8})):
        kept = {field.name: getattr(row, field.name) for field in row._meta.fields if field.name != "id"}
        type(row)._default_manager.create(**kept | changed)  # of a service that was called with its trace, or of a stranger who read it
    for series in ("canary", f"canary:{'0' * 40}", METRIC):
        push(series, [Push("x", now, 1, 1, canaries.PUSHED, one.window)])
    assert tasks.forget_at(now + timedelta(minutes=59)) == 0 and StoredLine.objects.count() == 3
    assert tasks.forget_at(now + timedelta(minutes=61)) > 0
    assert [row.digest for row in StoredLine.objects.all()] == ["like it"]
    assert sorted(StoredSpan.objects.values_list("service", "span_id")) == [("mail", one.span_id), ("orders", "ab" * 8)]
    for model in (Sample, Measurement, DayTotal, TaggedMinute):
        assert set(model._default_manager.values_list("series", flat=True)) == {"canary", f"canary:{'0' * 40}", METRIC}
    assert not Counter.objects.exists() and not SentCanary.objects.exists()


def test_a_canary_over_which_its_process_died_is_swept_too(one: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canaries, "take_away", lambda _: 0)
    fly(one, clock(), metrics=False, pushes=True, scrapes=True)
    assert StoredLine.objects.exists() and StoredSpan.objects.exists() and Counter.objects.exists()
    tasks.forget_at(clock() + timedelta(minutes=61))
    for model in (StoredLine, StoredSpan, Sample, Counter, Measurement, DayTotal, TaggedMinute, SentCanary):
        assert not model._default_manager.exists()
