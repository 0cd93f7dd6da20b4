"""Data points of counters and histograms as plain records; of a histogram its count is what is counted. Pure.

Source: opentelemetry-proto metrics.proto. Gauges and sums that may fall count nothing: they are passed over.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, DataPointFlags, Metric

from windows.signals.otlp.records import Origin, few, keep, moment, room, scopes, tags_in, timely, unplaced
from windows.signals.otlp.values import pairs
from windows.signals.records import Found, Measured

CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
UNSPECIFIED = AggregationTemporality.AGGREGATION_TEMPORALITY_UNSPECIFIED
NOTHING = DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK


def points(request: ExportMetricsServiceRequest, now: datetime) -> Found[Measured]:
    records: list[Measured] = []
    refused: dict[str, int] = {}
    blank = 0
    found = scopes(request.resource_metrics, "scope_metrics")
    few("metrics", (len(scope.metrics) for _, scope in found))
    for resource, scope in found:
        for metric in scope.metrics:
            for point, value, temporality in counted(metric, records, refused, blank):
                if point.flags & NOTHING:
                    blank += 1
                else:
                    keep(measured(resource, metric.name, point, value, temporality=temporality, now=now), records, refused)
    return Found(records, refused)


def counted(metric: Metric, records: list[Measured], refused: dict[str, int], blank: int) -> Iterator[tuple[Any, float, int]]:
    """Each point there is still room for, with what it counts; gauges and sums that may fall have none."""
    match metric.WhichOneof("data"):
        case "sum" if metric.sum.is_monotonic:
            for point in room(metric.sum.data_points, records, refused, blank):
                value = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
                yield point, value, metric.sum.aggregation_temporality
        case "histogram":
            for one in room(metric.histogram.data_points, records, refused, blank):
                yield one, one.count, metric.histogram.aggregation_temporality
        case "exponential_histogram":
            for another in room(metric.exponential_histogram.data_points, records, refused, blank):
                yield another, another.count, metric.exponential_histogram.aggregation_temporality
        case _:
            return


def measured(here: Origin, name: str, point: Any, value: float, *, temporality: int, now: datetime) -> Measured | str:
    """The point, or why it cannot be counted."""
    at = moment(point.time_unix_nano)
    if at is None or not timely(at, now):
        return "a data point is at most 7 days old and 5 minutes ahead"
    if temporality == UNSPECIFIED:
        return "a counter says whether it is cumulative or a delta"
    if not math.isfinite(value) or not 0 <= value < 2**53:
        return "a counter is a number from 0 to 2^53"
    if wrong := unplaced(here):
        return wrong
    if not 0 < len(name) <= 255:
        return "a metric has a name of at most 255 letters"
    attributes, _ = pairs(point.attributes)
    return Measured(
        service=here.service, environment=here.environment, window={**here.tags, **tags_in(attributes)}.get("window", ""), metric=name,
        attributes={**here.attributes, **attributes}, stream=stream_of(here, name, attributes), began=moment(point.start_time_unix_nano),
        at=at, value=round(value), is_delta=temporality != CUMULATIVE,
    )  # fmt: skip


def stream_of(here: Origin, name: str, attributes: Mapping[str, Any]) -> str:
    told = (name, sorted(here.attributes.items(), key=repr), sorted(attributes.items(), key=repr))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:40]
