"""Tags in Debian's real Prometheus: joined onto series by the example's recording rules, and counted of an objective that reads them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from slo.budget import Ratio
from slo.objectives.commands.fetching import fetch
from slo.objectives.models import Objective
from slo.objectives.queries.promises import promise
from slo.telemetry.queries import labelled
from slo.telemetry.sources import prometheus as source
from tests import servers

TAGS = 'window="MW-1042",service="tagged",environment="production",region="eu",owner="Ada",step="Freeze writes"'


class Exporter(BaseHTTPRequestHandler):
    """A shop of two services that knows nothing of tags, and Roadworks' own figures; of one service a window is open."""

    started = time.monotonic()

    def do_GET(self) -> None:
        count = int((time.monotonic() - self.started) * 20)
        lines = [f'maintenance_window_active{{{TAGS},layer="{layer}"}} 1' for layer in ("L3", "L7")]
        for service in ("tagged", "untagged"):
            place = f'service="{service}",environment="production",region="eu"'
            lines += [f'shop_requests_total{{{place},code="200"}} {count * 3}', f'shop_requests_total{{{place},code="500"}} {count}']
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write("\n".join([*lines, ""]).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def recorded(prometheus: servers.Prometheus, settings: Any, eventually: Callable[..., Any]) -> Iterator[None]:
    """Rules recorded for long enough to tell how much a counter grew."""
    settings.PROMETHEUS_URL = prometheus.url
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    prometheus.scrape(f"127.0.0.1:{server.server_port}")
    for service in ("tagged", "untagged"):
        eventually(lambda: (source.instant(f'sum(increase(maintenance:shop_requests_total{{service="{service}"}}[1m]))').value or 0) > 0)  # noqa: B023
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
def test_n13_c10_tags_joined_by_the_recording_rules_are_counted(recorded: None) -> None:
    tags = 'maintenance:shop_requests_total{service="tagged",code="200",maintenance_owner="Ada",maintenance_step="Freeze writes"}'
    assert source.instant(f"count({tags})").value == 1, "two layers of one window are one tag"
    at = datetime.now(UTC) - timedelta(minutes=1)
    for service, windows in (("tagged", {"MW-1042", ""}), ("untagged", {""})):
        query = {
            "bad": f'sum(increase(maintenance:shop_requests_total{{service="{service}",code=~"5.."}}[{{{{ window }}}}]))',
            "total": f'sum(increase(maintenance:shop_requests_total{{service="{service}"}}[{{{{ window }}}}]))',
        }
        Objective.objects.create(slug=service, service=service, title=service, target="0.9", source="prometheus", query=query)
        fetch(promise(service), [at], windows={"MW-1042"})
        found = labelled(service, at - timedelta(minutes=1), at + timedelta(minutes=1))
        assert set(found) <= windows
        told = found[max(windows)]
        assert told.total > 0
        assert told.good / told.total == pytest.approx(0.75, abs=0.1)
    assert sum((one for window, one in found.items() if window), Ratio()) == Ratio()
    assert labelled("tagged", at - timedelta(minutes=1), at + timedelta(minutes=1)).get("", Ratio()).total == 0, "all of it is tagged"
