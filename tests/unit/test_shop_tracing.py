"""What the example tells of its requests: little, and what OTLP's own reader understands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from examples.shop import tracing
from examples.shop.tracing import Told, begun, ended, span
from windows.signals.otlp.reading import JSON, message
from windows.signals.otlp.records import lines, spans

LABELS = {"node": "shop-1", "region": "eu-west", "environment": "production"}
PARENT = f"00-{'ab' * 16}-{'cd' * 8}-01"


def request(told: Told, window: str = "MW-7", *, fails: bool = False, traceparent: str = "") -> tracing.Trace:
    trace = begun(traceparent, "POST /baskets")
    with span("take a connection"):
        pass
    try:
        with span("insert into baskets", tracing.CLIENT):
            if fails:
                raise ValueError("violates a rule\nDETAIL: visitor-7")
    except ValueError:
        pass
    ended(trace, 500 if fails else 201)
    told.keep("baskets", window, trace)
    return trace


def test_a_failed_request_is_a_trace_with_a_log_line_that_our_own_reader_takes() -> None:
    told = Told(LABELS)
    request(told, fails=True, traceparent=PARENT)
    sent: dict[str, Any] = dict(told.take())
    now = datetime.now(UTC)
    found = spans(message(ExportTraceServiceRequest, json.dumps(sent["traces"]).encode(), JSON), now)
    top, connection, insert = found.records
    assert not found.refused and {one.trace_id for one in found.records} == {"ab" * 16} and top.parent_id == "cd" * 8
    assert connection.parent_id == insert.parent_id == top.span_id
    assert [one.outcome for one in found.records] == ["error", "ok", "error"] and insert.message == "violates a rule"
    assert (top.window, top.service, top.kind) == ("MW-7", "baskets", "server") and top.tags["scope"] == "baskets/production/eu-west"
    (line,) = lines(message(ExportLogsServiceRequest, json.dumps(sent["logs"]).encode(), JSON), now).records
    assert "“insert into baskets”: violates a rule" in line.text and line.trace_id == top.trace_id and line.is_failure
    assert "visitor-7" not in json.dumps(sent), "a failing row is somebody's"
    assert told.take() == []


@pytest.mark.parametrize(("window", "fails", "expected"), [("", False, 0), ("MW-7", False, 10), ("", True, 20), ("MW-7", True, 20)])
def test_little_is_told_and_nothing_of_what_goes_well_on_any_day(window: str, fails: bool, expected: int) -> None:
    told = Told(LABELS)
    for _ in range(100):
        request(told, window, fails=fails)
    sent = dict(told.take())
    assert len(sent.get("traces", {}).get("resourceSpans", [])) == expected


@pytest.mark.parametrize("header", ["", "00", "junk-" * 9, f"01-{'ab' * 16}-{'cd' * 8}-01", "00-short-cd-01"])
def test_what_is_no_traceparent_begins_a_trace(header: str) -> None:
    trace = begun(header, "GET /orders")
    ended(trace, 200)
    assert len(trace.trace_id) == 32 and trace.spans[0].parent == "" and trace.trace_id != "ab" * 16


def test_outside_of_a_request_nothing_is_told() -> None:
    with span("on start"):
        pass
    assert tracing.here.trace is None
