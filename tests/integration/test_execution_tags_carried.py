"""Log enrichment and baggage (SPEC §9): what we log and whom we ask for a run's step tells which window and step it was for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings

from portal.logs import RequestIdFilter
from slo.telemetry.carrying import under
from slo.telemetry.sources import prometheus
from tests import given_runs
from tests import given_windows as given
from tests.callers import browser
from tests.given_runs import FakeContext, World, run_of, step
from windows.access.roles import Role
from windows.actions.outcomes import Done, Outcome
from windows.execution.models import Run
from windows.outbound.exchange import exchange
from windows.outbound.limits import Limits
from windows.scheduling.models import Window

world = given_runs.world
pytestmark = pytest.mark.django_db
log = logging.getLogger("windows.somewhere")


class Heard(BaseHTTPRequestHandler):
    baggage: list[str]

    def do_GET(self) -> None:
        self.baggage.append(self.headers.get("Baggage", ""))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What others heard as baggage, one entry a request."""
    found: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Heard,), {"baggage": found}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(settings, "PROMETHEUS_URL", f"http://127.0.0.1:{server.server_port}")
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Log lines as our own handler writes them."""
    told: list[str] = []
    formats = settings.LOGGING["formatters"]["line"]
    handler = logging.StreamHandler(type("To", (), {"write": staticmethod(told.append), "flush": staticmethod(lambda: None)})())
    handler.setFormatter(logging.Formatter(formats["format"], style=formats["style"]))
    handler.addFilter(RequestIdFilter())
    logging.getLogger().addHandler(handler)
    with under({}):  # what an earlier request of this thread was about
        yield told
    logging.getLogger().removeHandler(handler)


def ask_and_log(ctx: FakeContext) -> Outcome:
    log.warning("a line of its step")
    prometheus.instant("up", timeout=5)
    exchange("GET", settings.PROMETHEUS_URL, Limits.of(5, lambda: False), headers={}, allowed=["127.0.0.1"])
    return Done("done")


def one_step(world: World, **facts: Any) -> Run:
    world.script[1, "forward"] = [ask_and_log]
    return world.drive(run_of(step(name="Freeze writes"), **facts))


def test_n13_what_is_logged_and_asked_for_a_step_carries_its_window_and_step(world: World, heard: list[str], lines: list[str]) -> None:
    run = one_step(world)
    assert run.status == "succeeded"
    tag = f'maintenance.window="{run.window.reference}" maintenance.step="Freeze writes"'
    assert [tag in line for line in lines if "a line of its step" in line] == [True]
    assert len(heard) >= 2 and set(heard) == {f"maintenance.window={run.window.reference},maintenance.step=Freeze%20writes"}
    log.warning("a line behind it")
    assert "maintenance" not in next(line for line in lines if "behind it" in line)


def test_n13_a_confidential_window_is_named_to_nobody(world: World, heard: list[str], lines: list[str]) -> None:
    window = given_runs.people()
    Window.objects.filter(pk=window.pk).update(confidential=True)
    window.refresh_from_db()
    assert one_step(world, window=window).status == "succeeded"
    assert set(heard) == {""} and not any("maintenance.window" in line for line in lines)


def test_n13_a_request_about_a_window_logs_under_its_tag(lines: list[str]) -> None:
    client = browser(given.person("ada", ("shop", Role.OWNER)))
    client.get("/windows/MW-99999")
    assert any('maintenance.window="MW-99999"' in line for line in lines), lines
    lines.clear()
    client.get("/nowhere")
    assert lines and not any("maintenance.window" in line for line in lines)
