"""A canary: one log record, one span and one point of a counter, as a service's exporter would send them. Pure.

All three carry the window's tag and say by `maintenance.step` that they are nobody's own telemetry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from windows.signals.otlp.records import EPOCH

NAME = "preflight canary"  # of the record, the span and the step
METRIC = "maintenance.canary"
INFO = 9  # SeverityNumber


@dataclass(frozen=True, slots=True)
class Canary:
    """One for each service and environment. `key` names it for ever: the run, the time at which it was asked, and what nobody can guess."""

    window: str  # MW-1042, the tag's value
    service: str
    environment: str
    key: str

    @property
    def trace_id(self) -> str:
        return self.digest[:32]

    @property
    def span_id(self) -> str:
        return self.digest[:16]

    @property
    def series(self) -> str:
        """What its metric is counted under: no objective's own."""
        return f"canary:{self.digest}"

    @property
    def digest(self) -> str:
        told = repr((self.window, self.service, self.environment, self.key))
        return hashlib.sha256(told.encode()).hexdigest()[:40]


def tagged(one: Canary) -> Resource:
    said: Mapping[str, str] = {
        "service.name": one.service, "deployment.environment.name": one.environment, "maintenance.window": one.window,
        "maintenance.step": NAME,
    }  # fmt: skip
    return Resource(attributes=[KeyValue(key=name, value=AnyValue(string_value=value)) for name, value in said.items()])


def nano(at: datetime) -> int:
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def log_of(one: Canary, now: datetime) -> bytes:
    sent = ExportLogsServiceRequest()
    of_one = sent.resource_logs.add(resource=tagged(one))
    of_one.scope_logs.add().log_records.add(
        time_unix_nano=nano(now), severity_number=INFO, body=AnyValue(string_value=NAME), trace_id=bytes.fromhex(one.trace_id)
    )
    return packed(sent)


def span_of(one: Canary, now: datetime) -> bytes:
    sent = ExportTraceServiceRequest()
    of_one = sent.resource_spans.add(resource=tagged(one))
    ids = {"trace_id": bytes.fromhex(one.trace_id), "span_id": bytes.fromhex(one.span_id)}
    of_one.scope_spans.add().spans.add(name=NAME, start_time_unix_nano=nano(now), end_time_unix_nano=nano(now), **ids)
    return packed(sent)


def point_of(one: Canary, now: datetime) -> bytes:
    sent = ExportMetricsServiceRequest()
    metric = sent.resource_metrics.add(resource=tagged(one)).scope_metrics.add().metrics.add(name=METRIC)
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    metric.sum.data_points.add(time_unix_nano=nano(now), as_int=1)
    return packed(sent)


def packed(sent: Message) -> bytes:
    return bytes(sent.SerializeToString())
