"""Logs, traces and metrics as a service's exporter sends them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TRACE = "5b8efff798038103d269b633813fc60c"


def nano(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1) * 1000


def attributes(told: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
    return [{"key": name, "value": {kinds[type(value)]: value}} for name, value in told.items()]


def resource(service: str = "orders", **tags: str) -> dict[str, Any]:
    told = {"service.name": service, "deployment.environment.name": "production"}
    return {"attributes": attributes(told | {f"maintenance.{name}": value for name, value in tags.items()})}


def span(at: datetime, number: int = 1, *, parent: int = 0, failed: bool = False, seconds: float = 0.1, **more: Any) -> dict[str, Any]:
    told = {
        "traceId": TRACE, "spanId": f"{number:016x}", "name": f"span {number}", "kind": 2, "startTimeUnixNano": str(nano(at)),
        "endTimeUnixNano": str(nano(at + timedelta(seconds=seconds))), "status": {"code": 2 if failed else 0},
    }  # fmt: skip
    return told | ({"parentSpanId": f"{parent:016x}"} if parent else {}) | more


def traces(*spans: dict[str, Any], **about: str) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": resource(**about), "scopeSpans": [{"spans": list(spans)}]}]}


def line(at: datetime, text: str = "hello", severity: int = 9, **more: Any) -> dict[str, Any]:
    return {"timeUnixNano": str(nano(at)), "severityNumber": severity, "body": {"stringValue": text}} | more


def logs(*lines: dict[str, Any], **about: str) -> dict[str, Any]:
    return {"resourceLogs": [{"resource": resource(**about), "scopeLogs": [{"logRecords": list(lines)}]}]}


def counter(name: str, *points: dict[str, Any], temporality: int = 1) -> dict[str, Any]:
    return {"name": name, "sum": {"isMonotonic": True, "aggregationTemporality": temporality, "dataPoints": list(points)}}


def point(at: datetime, value: int, since: datetime | None = None, **told: Any) -> dict[str, Any]:
    began = {"startTimeUnixNano": str(nano(since))} if since else {}
    return {"timeUnixNano": str(nano(at)), "asInt": str(value), "attributes": attributes(told)} | began


def metrics(*told: dict[str, Any], **about: str) -> dict[str, Any]:
    return {"resourceMetrics": [{"resource": resource(**about), "scopeMetrics": [{"metrics": list(told)}]}]}


KINDS = {
    "traces": (ExportTraceServiceRequest, "resourceSpans"),
    "logs": (ExportLogsServiceRequest, "resourceLogs"),
    "metrics": (ExportMetricsServiceRequest, "resourceMetrics"),
}


def as_bytes(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode()
