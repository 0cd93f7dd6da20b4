"""N13: a canary with the tag goes through metrics, logs and traces; what does not come back blocks the start, or is answered for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from portal.metrics import collectors
from slo.intervals import Interval
from slo.objectives.models import Objective
from slo.telemetry.models import DayTotal, Measurement, Sample, TaggedMinute
from slo.telemetry.queries import ratios
from slo.telemetry.sources import prometheus as source
from tests import given_runs, given_signals, given_starts, servers
from tests import given_windows as given
from tests.callers import browser, token_of
from tests.given_runs import World
from tests.given_starts import approved, begins_now, started
from windows.access.roles import Role, Verb
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid
from windows.execution.commands.readiness import accept_gap
from windows.execution.engine import loop
from windows.execution.models import CheckResult, Run, clock
from windows.scheduling.models import Window
from windows.signals.models import Room, StoredLine, StoredSpan
from windows.signals.nearness import OF_A_WINDOW

world, no_broker = given_runs.world, given_starts.no_broker
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]
ONE_DAY = timedelta(days=1)
OTLP = {"good": 'http.requests{http.response.status_code!="5*"}', "total": "http.requests"}
PROMQL = 'sum(increase(maintenance:shop_requests_total{service="orders"}[{{ window }}]))'


@pytest.fixture
def window() -> Window:
    return begins_now(approved())


def objective(slug: str = "orders-reads", **columns: Any) -> Objective:
    given: dict[str, Any] = {"service": "orders", "environment": "production", "title": slug, "target": "0.9", "is_critical": True}
    return Objective.objects.create(slug=slug, **(given | columns))


def measured(slug: str) -> None:
    """The budget check wants to know something of it."""
    from slo.telemetry.commands import push
    from slo.telemetry.readings import Push

    push(slug, [Push("one", clock() - timedelta(hours=1), 100, 100)])


def tried(world: World, window: Window) -> tuple[Run, CheckResult]:
    run = started(window)
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    return run, CheckResult.objects.get(run=run, name="telemetry_ready")


def test_n13_without_a_critical_objective_nothing_is_critical(world: World, window: Window) -> None:
    objective(is_critical=False)
    measured("orders-reads")
    run, found = tried(world, window)
    assert run.started_at and found.reason == "No objective of this scope is critical."


def test_n13_the_canary_comes_back_from_all_that_is_sent_to_us_and_leaves_nothing(world: World, window: Window) -> None:
    objective()
    objective("orders-writes", source="otlp", query=OTLP)
    for slug in ("orders-reads", "orders-writes"):
        measured(slug)
    before = ratios([(slug, Interval(clock() - ONE_DAY, clock())) for slug in ("orders-reads", "orders-writes")])
    run, found = tried(world, window)
    assert run.started_at, run.reason
    assert found.reason == f"A canary with the tag {window.reference} came back from each of 4 critical signals."
    assert found.evidence["door"] == "not by HTTP: OTLP_URL is empty", "tests have no portal to knock at; test_signals_door has"
    assert set(found.evidence["signals"]) == {
        f"the {signal} of orders/production" for signal in ("logs", "traces", "metrics", "pushed measurements")
    }
    assert not StoredLine.objects.exists() and not StoredSpan.objects.exists() and not TaggedMinute.objects.exists()
    for model in (Sample, Measurement, DayTotal):
        assert set(model._default_manager.values_list("series", flat=True)) == {"orders-reads", "orders-writes"}
    assert ratios([(slug, Interval(clock() - ONE_DAY, clock())) for slug in ("orders-reads", "orders-writes")]) == before


def test_n13_counters_that_we_read_ourselves_are_tried_as_a_scrape_finds_them(world: World, window: Window) -> None:
    objective(source="scrape", query=dict.fromkeys(("good", "total"), "http://shop/metrics requests_total"))
    measured("orders-reads")
    run, found = tried(world, window)
    assert run.started_at, run.reason
    assert "the scraped counters of orders/production" in found.evidence["signals"]


def test_n13_what_the_service_itself_has_posted_stays(world: World, window: Window, client: Any) -> None:
    objective()
    measured("orders-reads")
    token = token_of(given.person("ada", ("shop", Role.MEMBER)), Verb.MEASURE.value)
    body = given_signals.logs(given_signals.line(clock(), "its own"), window=window.reference)
    sent = client.post("/api/v1/logs", given_signals.as_bytes(body), "application/json", headers={"Authorization": f"Bearer {token}"})
    assert (sent.status_code, json.loads(sent.content)) == (200, {})
    run, _ = tried(world, window)
    assert run.started_at and [(one.text, one.window) for one in StoredLine.objects.all()] == [("its own", window.reference)]


def test_n13_a_signal_that_loses_it_blocks_the_start_until_somebody_answers_by_name(world: World, window: Window) -> None:
    objective()
    measured("orders-reads")
    Room.objects.create(holder=window.reference, taken=OF_A_WINDOW)  # its store is full: what comes is refused
    run, found = tried(world, window)
    assert (run.status, found.verdict, Window.objects.get().status) == ("blocked", "fail", "approved")
    assert "0.0 % of the logs of orders/production (0 of 1 canaries)" in run.reason and "MiB of logs and traces" in run.reason
    with pytest.raises(Forbidden):
        accept_gap(given.actor("carl"), window.pk, "no matter")
    with pytest.raises(Invalid):
        accept_gap(given.actor("olga"), window.pk, "  ")
    accept_gap(given.actor("olga"), window.pk, "The store is emptied tonight.")
    with pytest.raises(Conflict):
        accept_gap(given.actor("sam"), window.pk, "Again.")
    assert AuditEntry.objects.get(kind="window.gap_accepted").data["reason"] == "Olga: The store is emptied tonight."
    run, found = tried(world, window)
    assert run.started_at, run.reason
    assert "Olga accepts that: The store is emptied tonight." in found.reason and found.evidence["accepted_by"] == "Olga"
    with pytest.raises(Conflict):
        accept_gap(given.actor("sam"), window.pk, "It runs.")


def test_n13_it_is_accepted_on_the_windows_page(world: World, window: Window) -> None:
    objective()
    measured("orders-reads")
    Room.objects.create(holder=window.reference, taken=OF_A_WINDOW)
    tried(world, window)
    olga = browser(given.person("olga", ("shop", Role.OWNER)))
    page = olga.get(f"/windows/{window.reference}").content.decode()
    assert f"/windows/{window.reference}/accept-untagged" in page and "Accept it by name" in page
    assert olga.post(f"/windows/{window.reference}/accept-untagged", {"reason": "The old proxy cannot tag."}).status_code == 302
    assert tried(world, window)[0].started_at


def test_n13_a_confidential_window_sends_none(world: World, window: Window) -> None:
    objective()
    measured("orders-reads")
    Window.objects.filter(pk=window.pk).update(confidential=True)
    begins_now(window, confidential=True)
    _, found = tried(world, window)
    assert found.verdict == "pass" and not Room.objects.exists()
    assert list(collectors.canaries().samples) == []


class Only(Collector):
    def collect(self) -> Any:
        yield collectors.canaries()


def canaries() -> str:
    registry = CollectorRegistry()
    registry.register(Only())
    return generate_latest(registry).decode()


class Exporter(BaseHTTPRequestHandler):
    """A shop that knows nothing of tags, and what of Roadworks' own /metrics was said."""

    said = ""

    def do_GET(self) -> None:
        lines = [f'shop_requests_total{{service="orders",environment="production",region="{region}"}} 7' for region in ("r1", "r2")]
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(("\n".join(lines) + "\n" + type(self).said).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def scraped(prometheus: servers.Prometheus, settings: Any, eventually: Callable[..., Any]) -> Iterator[type[Exporter]]:
    settings.PROMETHEUS_URL = prometheus.url
    Exporter.said = ""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    prometheus.scrape(f"127.0.0.1:{server.server_port}")
    eventually(lambda: source.instant('count(maintenance:shop_requests_total{service="orders"})').value == 2)
    yield Exporter
    server.shutdown()
    server.server_close()


def test_n13_the_series_that_prometheus_scrapes_carry_the_canary_before_the_begin(
    world: World, window: Window, scraped: type[Exporter], eventually: Callable[..., Any]
) -> None:
    """The window is in one region; the objective reads two. So half of its series lack the tag, and it must be told of one alone."""
    one = objective(source="prometheus", query={"good": PROMQL, "total": PROMQL})
    measured("orders-reads")
    region = window.scopes.get().region
    assert region in ("r1", "r2")
    text = canaries()
    assert f'window="{window.reference}"' in text and f'region="{region}"' in text
    run, found = tried(world, window)
    assert run.status == "blocked" and "0.0 % of the series of orders-reads (0 of 2 series)" in found.reason
    scraped.said = text
    tag = f'{{maintenance_window="{window.reference}",maintenance_step="preflight canary"}}'
    eventually(lambda: source.instant(f"count(maintenance:shop_requests_total{tag})").value == 1)
    run, found = tried(world, window)
    assert run.status == "blocked" and "50.0 % of the series of orders-reads (1 of 2 series)" in found.reason
    narrow = PROMQL.replace('service="orders"', f'service="orders",region="{region}"')
    Objective.objects.filter(pk=one.pk).update(query={"good": narrow, "total": narrow})
    run, found = tried(world, window)
    assert run.started_at and found.verdict == "pass", run.reason


def test_n13_a_prometheus_that_is_away_proves_nothing(world: World, window: Window, settings: Any) -> None:
    settings.PROMETHEUS_URL = "http://127.0.0.1:9"
    objective(source="prometheus", query={"good": PROMQL, "total": PROMQL})
    measured("orders-reads")
    run, found = tried(world, window)
    assert (run.status, found.verdict) == ("blocked", "inconclusive") and "nothing is known of the series of orders-reads" in found.reason


def test_n13_the_canary_is_told_from_five_minutes_before_the_begin_until_it_runs(world: World, window: Window) -> None:
    assert source.REFERENCE.fullmatch(window.reference) and "maintenance_window_canary{" in canaries()
    begins_now(window, starts_at=clock() + timedelta(minutes=6))
    assert "maintenance_window_canary{" not in canaries()
    begins_now(window, starts_at=clock() + timedelta(minutes=4))
    assert "maintenance_window_canary{" in canaries()
    begins_now(window)
    objective()
    measured("orders-reads")
    assert tried(world, window)[0].started_at and "maintenance_window_canary{" not in canaries()
