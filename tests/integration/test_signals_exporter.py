"""A stranger's client: OpenTelemetry's own SDK and exporters speak to the portal as to any collector."""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode
from requests.adapters import BaseAdapter

from slo.objectives.models import Objective
from slo.telemetry.models import Measurement
from tests import given_windows as given
from tests.callers import token_of
from windows.access.roles import Role, Verb
from windows.audit.clock import clock
from windows.scheduling.models import Window
from windows.signals.models import StoredLine, StoredSpan

pytestmark = pytest.mark.django_db


class Portal(BaseAdapter):
    """Carries what the exporter would send over the wire to the views."""

    def __init__(self, client: Any) -> None:
        super().__init__()
        self.client, self.answers = client, list[tuple[str, int]]()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        kind = str(request.headers.pop("Content-Type"))
        told = self.client.generic("POST", urlsplit(request.url).path, request.body, kind, headers=dict(request.headers))
        answer = requests.Response()
        answer.status_code, answer.raw, answer.request = told.status_code, io.BytesIO(told.content), request
        answer.headers.update(dict(told.headers))
        self.answers.append((urlsplit(request.url).path, told.status_code))
        return answer

    def close(self) -> None:
        pass


@pytest.fixture
def portal(client: Any) -> Iterator[Portal]:
    yield Portal(client)


def options(portal: Portal, what: str, token: str) -> dict[str, Any]:
    session = requests.Session()
    session.mount("http://", portal)
    told = {"endpoint": f"http://portal/api/v1/{what}", "headers": {"Authorization": f"Bearer {token}"}, "session": session}
    return {**told, "compression": Compression.Gzip}


def test_an_instrumented_service_needs_nothing_of_ours(portal: Portal) -> None:
    given.service("orders")
    token = token_of(given.person("ada", ("shop", Role.OWNER)), Verb.MEASURE.value)
    window = given.window(given.actor("ada"))
    begin = clock() - timedelta(minutes=1)
    Window.objects.filter(pk=window.pk).update(status="running", started_at=begin, starts_at=begin, ends_at=begin + timedelta(hours=1))
    Objective.objects.create(
        slug="orders-http", service="orders", title="Orders", target="0.9", source="otlp",
        query={"good": 'requests{status!="5*"}', "total": "requests"},
    )  # fmt: skip
    told = {"service.name": "orders", "deployment.environment.name": "production", "maintenance.window": window.reference}
    resource = Resource.create(told)
    traces, logs = TracerProvider(resource=resource), LoggerProvider(resource=resource)
    traces.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(**options(portal, "traces", token))))
    logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(**options(portal, "logs", token))))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(**options(portal, "metrics", token)), export_interval_millis=math.inf)
    metrics = MeterProvider(resource=resource, metric_readers=[reader])
    requests_counted = metrics.get_meter("shop").create_counter("requests")

    with traces.get_tracer("shop").start_as_current_span("POST /orders") as outer:
        with traces.get_tracer("shop").start_as_current_span("INSERT orders") as inner:
            inner.record_exception(ValueError("no such column"))
            inner.set_status(Status(StatusCode.ERROR, "no such column"))
        logs.get_logger("shop").emit(body="could not place it", severity_number=None, attributes={"order": 7})
        outer.set_attribute("http.response.status_code", 500)
    requests_counted.add(19, {"status": 200})
    requests_counted.add(1, {"status": 500})
    assert traces.force_flush() and metrics.force_flush()

    assert set(portal.answers) == {(f"/api/v1/{what}", 200) for what in ("traces", "logs", "metrics")}
    root, child = StoredSpan.objects.order_by("begins_at")
    assert (root.name, root.parent_id, child.parent_id) == ("POST /orders", "", root.span_id)
    assert child.trace_id == root.trace_id and child.window == root.window == window.reference
    assert (child.outcome, child.message) == ("error", "no such column")
    assert child.events[0]["attributes"]["exception.type"] == "ValueError"
    assert root.attributes == {"http.response.status_code": 500}
    line = StoredLine.objects.get()
    assert (line.text, line.trace_id, line.span_id, line.attributes) == ("could not place it", root.trace_id, root.span_id, {"order": 7})
    assert list(Measurement.objects.values_list("good", "total", "window")) == [(19, 20, window.reference)]
    traces.shutdown()
    logs.shutdown()
    metrics.shutdown()


def test_a_refused_exporter_gives_up_at_once(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    """403 is for good: the exporter does not try again, and says why in its log."""
    given.service("orders")
    token = token_of(given.person("eve"), Verb.READ.value)
    traces = TracerProvider(resource=Resource.create({"service.name": "orders"}))
    traces.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(**options(portal, "traces", token))))
    traces.get_tracer("shop").start_span("x").end()
    with caplog.at_level(logging.ERROR):
        traces.force_flush()
    assert portal.answers == [("/api/v1/traces", 403)] and "403" in caplog.text
    traces.shutdown()
