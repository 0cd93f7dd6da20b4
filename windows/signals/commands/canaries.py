"""Verbs: send a canary with a window's tag through logs, traces and metrics, look for it, and take it away again (N13).

It goes the way of what services send, through the portal's own OTLP door (OTLP_URL) over HTTP: the network, TLS, the proxy and its limits,
the view; there its bytes are read, matched with the window, given room and stored. What loses the canary's tag loses theirs. Two things it
does not try: the services' tokens, since it knocks with a claim of its own (door.py), and the JSON door of pushed measurements, whose
canary is counted from here on. Without OTLP_URL all of it begins at the bytes.
Nobody's figures hold it: its metric has a series of its own, and nothing of it is left when it has been found. What comes later than it was
looked for is swept (sweeping.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from slo.errors import Invalid
from slo.maintenance import minute_of
from slo.telemetry.commands import push, push_points
from slo.telemetry.increases import Point
from slo.telemetry.queries import labelled
from slo.telemetry.readings import Push
from windows.errors import Refused
from windows.signals.commands.keeping import known, stored
from windows.signals.commands.scraping import TAG, Place, records
from windows.signals.commands.sweeping import noted, take_away
from windows.signals.door import knock
from windows.signals.models import StoredLine, StoredSpan
from windows.signals.otlp.canary import METRIC, Canary, log_of, point_of, span_of
from windows.signals.otlp.points import points
from windows.signals.otlp.reading import PROTOBUF, message
from windows.signals.otlp.records import lines, spans
from windows.signals.records import Found, Measured

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
PUSHED = "canary"  # the source it is pushed under
KINDS: Mapping[str, type[Message]] = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}


@dataclass(frozen=True, slots=True)
class Flown:
    """One signal: whether the canary came back with its tag, and what was said where it did not."""

    signal: str  # logs, traces, metrics, pushed measurements
    came_back: bool
    why: str = ""


def fly(one: Canary, now: datetime, *, metrics: bool, pushes: bool, scrapes: bool = False) -> list[Flown]:
    """Through logs and traces, and through what measurements of the service come by."""
    ways: list[tuple[str, Callable[[Canary, datetime], str], Callable[[Canary, datetime], bool]]] = [
        ("logs", log, lambda one, _: StoredLine.objects.filter(trace_id=one.trace_id, window=one.window).exists()),
        ("traces", trace, lambda one, _: StoredSpan.objects.filter(trace_id=one.trace_id, window=one.window).exists()),
    ]
    ways += [("metrics", count, is_counted)] if metrics else []
    ways += [("pushed measurements", measure, is_counted)] if pushes else []
    ways += [("scraped counters", read, is_counted)] if scrapes else []
    found, row = [], noted(one, now)
    for signal, send, came_back in ways:
        try:
            why = send(one, now)
            found.append(Flown(signal, back := came_back(one, now), "" if back else why))
        except (Refused, Invalid) as refusal:
            found.append(Flown(signal, False, refusal.detail))
        finally:
            take_away([row])
    return found


def log(one: Canary, now: datetime) -> str:
    return through("logs", log_of(one, now), one.series, now)


def trace(one: Canary, now: datetime) -> str:
    return through("traces", span_of(one, now), one.series, now)


def count(one: Canary, now: datetime) -> str:
    return through("metrics", point_of(one, now), one.series, now)


def through(signal: str, body: bytes, series: str, now: datetime) -> str:
    """By the door where we know it; what was said where not all of it was taken."""
    if settings.OTLP_URL:
        return knock(signal, body, series)
    return "; ".join(land(message(KINDS[signal], body, PROTOBUF), series, now))


def land(sent: Message, series: str, now: datetime) -> Mapping[str, int]:
    """Behind the door: read, matched with its window and stored as what services send. Why something was refused → how often."""
    if isinstance(sent, ExportMetricsServiceRequest):
        return counted(points(sent, now), series)
    found: Found[Any] = lines(sent, now) if isinstance(sent, ExportLogsServiceRequest) else spans(sent, now)
    return {**found.refused, **stored(known(found.records))[1]}


def counted(found: Found[Measured], series: str) -> Mapping[str, int]:
    events = [
        Point(part, each.stream, each.began, each.at, each.value, each.is_delta, each.window)
        for each in known(found.records)
        for part in ("good", "total")
        if each.metric == METRIC
    ]
    push_points(series, events, PUSHED, by_bad=False)
    return found.refused


def measure(one: Canary, now: datetime) -> str:
    push(one.series, [Push(one.digest, now, 1, 1, PUSHED, one.window)])
    return ""


def read(one: Canary, now: datetime) -> str:
    """A counter as two scrapes find it: it grew by one."""
    told = '# TYPE canary_total counter\ncanary_total{%s="%s"} %d\n'
    for value, at in ((0, now - SECOND), (1, now)):
        for each in known(records(Place(one.service, one.environment), {"canary_total"}, "", told % (TAG, one.window, value), at)):
            events = [Point(part, each.stream, each.began, each.at, each.value, each.is_delta, each.window) for part in ("good", "total")]
            push_points(one.series, events, PUSHED, by_bad=False)
    return ""


def is_counted(one: Canary, now: datetime) -> bool:
    at = minute_of(now)
    found = labelled(one.series, at, at + MINUTE)
    return set(found) == {one.window} and found[one.window].total == 1
