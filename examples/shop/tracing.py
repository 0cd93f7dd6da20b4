"""What a replica tells of single requests: a trace of each that failed, of some that went well under a window, and a log line of each
failure; as OTLP in JSON, with the standard library alone. W3C `traceparent` of the caller is gone on with.

Little is sent, for the figures are in the counters: at most MOST requests every two seconds, and nothing of a request that went well
while no window is open.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

MOST = 20  # requests told at once
ONE_IN = 10  # of those that went well under a window
SERVER, CLIENT, INTERNAL = 2, 3, 1  # SpanKind
OK, ERROR = 1, 2  # Status.code
FAILURE = 17  # SeverityNumber ERROR


@dataclass(slots=True)
class Span:
    name: str
    kind: int
    parent: str
    begin: int  # nanoseconds since 1970
    end: int = 0
    span_id: str = field(default_factory=lambda: secrets.token_hex(8))
    error: str = ""
    exception: str = ""
    attributes: dict[str, str | int] = field(default_factory=dict)


@dataclass(slots=True)
class Trace:
    """One request. `spans[0]` is the request itself."""

    trace_id: str
    spans: list[Span]

    @property
    def failed(self) -> bool:
        return any(one.error for one in self.spans)


class Here(threading.local):
    """The request that this thread is at."""

    trace: Trace | None = None
    inside: str = ""


here = Here()


def begun(traceparent: str, name: str) -> Trace:
    """A request's trace, in the caller's where it brought one."""
    version, trace_id, parent, *_ = [*traceparent.split("-"), "", "", ""]
    if version != "00" or len(trace_id) != 32 or len(parent) != 16:
        trace_id, parent = secrets.token_hex(16), ""
    trace = Trace(trace_id, [Span(name, SERVER, parent, time.time_ns())])
    here.trace, here.inside = trace, trace.spans[0].span_id
    return trace


def ended(trace: Trace, status: int) -> None:
    top = trace.spans[0]
    top.end, top.attributes["http.response.status_code"] = time.time_ns(), status
    if status >= 500 and any(one.error for one in trace.spans):
        top.error = f"answered {status}"
    here.trace, here.inside = None, ""


@contextmanager
def span(name: str, kind: int = INTERNAL, **attributes: str | int) -> Iterator[None]:
    """A part of the request at hand; outside of one, nothing."""
    trace = here.trace
    if trace is None:
        yield
        return
    one = Span(name, kind, here.inside, time.time_ns(), attributes=dict(attributes))
    trace.spans.append(one)
    outer, here.inside = here.inside, one.span_id
    try:
        yield
    except Exception as error:
        one.error = (str(error).strip().splitlines() or [""])[0][:300] or type(error).__name__  # what follows may hold a customer's row
        one.exception = type(error).__name__
        raise
    finally:
        one.end, here.inside = time.time_ns(), outer


class Told:
    """Traces that wait to be sent; thread-safe. `labels` are the replica's: node, region, environment."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = dict(labels)
        self.waiting: deque[tuple[str, str, Trace]] = deque(maxlen=MOST)
        self.well = 0

    def keep(self, service: str, window: str, trace: Trace) -> None:
        self.well += not trace.failed and bool(window)
        if trace.failed or (window and self.well % ONE_IN == 1):
            self.waiting.append((service, window, trace))

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """What is to be posted, as (signal, body); nothing where nothing happened."""
        told = [self.waiting.popleft() for _ in range(len(self.waiting))]
        if not told:
            return []
        spans = [{"resource": self.resource(*of), "scopeSpans": [{"spans": spans_of(trace)}]} for *of, trace in told]
        lines = [{"resource": self.resource(*of), "scopeLogs": [{"logRecords": lines_of(trace)}]} for *of, trace in told if trace.failed]
        return [("traces", {"resourceSpans": spans}), *([("logs", {"resourceLogs": lines})] if lines else [])]

    def resource(self, service: str, window: str) -> dict[str, Any]:
        place = f"{service}/{self.labels['environment']}/{self.labels['region']}"
        tags = {"maintenance.window": window, "maintenance.scope": place} if window else {}
        told = {"service.name": service, "service.instance.id": self.labels["node"], "cloud.region": self.labels["region"]}
        return {"attributes": pairs({**told, "deployment.environment.name": self.labels["environment"], **tags})}


def pairs(told: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [{"key": name, "value": {"intValue" if isinstance(value, int) else "stringValue": value}} for name, value in told.items()]


def spans_of(trace: Trace) -> list[dict[str, Any]]:
    return [
        {
            "traceId": trace.trace_id, "spanId": one.span_id, "parentSpanId": one.parent, "name": one.name, "kind": one.kind,
            "startTimeUnixNano": str(one.begin), "endTimeUnixNano": str(max(one.begin, one.end)), "attributes": pairs(one.attributes),
            "status": {"code": ERROR, "message": one.error} if one.error else {"code": OK},
            "events": [exception(one)] if one.exception else [],
        }
        for one in trace.spans
    ]  # fmt: skip


def exception(one: Span) -> dict[str, Any]:
    said = pairs({"exception.type": one.exception, "exception.message": one.error})
    return {"timeUnixNano": str(one.end), "name": "exception", "attributes": said}


def lines_of(trace: Trace) -> list[dict[str, Any]]:
    wrong = next(one for one in reversed(trace.spans) if one.error)
    text = f"{trace.spans[0].name} failed in “{wrong.name}”: {wrong.error}"
    about = {"traceId": trace.trace_id, "spanId": wrong.span_id, "severityNumber": FAILURE, "severityText": "ERROR"}
    return [{"timeUnixNano": str(wrong.end), "body": {"stringValue": text}, **about}]
