"""Spans and log lines as plain records: what was sent, checked and cut to size. Pure.

Source: opentelemetry-proto trace.proto, logs.proto; semantic conventions `service.name`, `deployment.environment.name`. The telemetry
tags (`maintenance.window` …) are looked for on the record first, then on its scope, then on its resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

from windows.errors import TooLarge
from windows.signals.otlp.values import pairs, spoken, text_of, value_of
from windows.signals.records import Found, Line, Plain, Span

MOST = 5000  # records of one request
GROUPS = 10_000  # resources, scopes or metrics of one request: twice as many as there can be with a record each
EVENTS = 8  # of one span
BODY = 4000  # letters of a log line
OLDEST, AHEAD = timedelta(days=7), timedelta(minutes=5)
KINDS = {0: "internal", 1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
OUTCOMES = {0: "unset", 1: "ok", 2: "error"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TAGS = ("window", "owner", "step", "scope")
R = TypeVar("R")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a resource says of everything below it."""

    service: str
    environment: str
    tags: Mapping[str, str]
    attributes: Plain


def spans(request: ExportTraceServiceRequest, now: datetime) -> Found[Span]:
    records: list[Span] = []
    refused: dict[str, int] = {}
    for resource, scope in scopes(request.resource_spans, "scope_spans"):
        here = narrowed(resource, scope.scope.attributes)
        for sent in room(scope.spans, records, refused):
            keep(span(sent, here, now), records, refused)
    return Found(records, refused)


def lines(request: ExportLogsServiceRequest, now: datetime) -> Found[Line]:
    records: list[Line] = []
    refused: dict[str, int] = {}
    for resource, scope in scopes(request.resource_logs, "scope_logs"):
        here = narrowed(resource, scope.scope.attributes)
        for sent in room(scope.log_records, records, refused):
            keep(line(sent, here, now), records, refused)
    return Found(records, refused)


def scopes(resources: Sequence[Any], called: str) -> list[tuple[Origin, Any]]:
    """Each scope, with what its resource says. TooLarge as `few`."""
    few("resources", [len(resources)])
    few("scopes", (len(getattr(of_one, called)) for of_one in resources))
    return [(resource, scope) for of_one in resources for resource in [origin(of_one.resource)] for scope in getattr(of_one, called)]


def few(called: str, numbers: Iterable[int]) -> None:
    """TooLarge before anything is looked at: empty ones cost two bytes each, so that a body of a few kilobytes holds two million."""
    if sum(numbers) > GROUPS:
        raise TooLarge(f"At most {GROUPS:,} {called} may be sent at once; send smaller batches.", limit=GROUPS)


def room(sent: Sequence[S], records: list[R], refused: dict[str, int], blank: int = 0) -> Sequence[S]:
    """Those of one scope that are still read of the request. The others are counted, not looked at: a body of a few kilobytes may hold two
    million empty ones. `blank` were read and say nothing."""
    left = max(0, MOST - len(records) - sum(refused.values()) - blank)
    if beyond := max(0, len(sent) - left):
        told = f"at most {MOST} are read of one request"
        refused[told] = refused.get(told, 0) + beyond
    return sent[:left]


def keep(found: R | str, records: list[R], refused: dict[str, int]) -> None:
    if isinstance(found, str):
        refused[found] = refused.get(found, 0) + 1
    else:
        records.append(found)


def origin(resource: Resource) -> Origin:
    told, _ = pairs(resource.attributes)
    environment = told.get("deployment.environment.name") or told.get("deployment.environment") or ""
    return Origin(spoken(told.get("service.name") or ""), spoken(environment), tags_in(told), told)


def narrowed(resource: Origin, attributes: Any) -> Origin:
    """What an instrumentation scope says beside its resource; nearly always nothing."""
    told = tags_in(pairs(attributes)[0]) if attributes else {}
    return Origin(resource.service, resource.environment, {**resource.tags, **told}, resource.attributes) if told else resource


def tags_in(told: Plain) -> dict[str, str]:
    return {name: text_of(spoken(told[f"maintenance.{name}"]), 200) for name in TAGS if told.get(f"maintenance.{name}")}


def span(sent: Sent, here: Origin, now: datetime) -> Span | str:
    """The span, or why it cannot be kept."""
    if not (len(sent.trace_id) == 16 and any(sent.trace_id) and len(sent.span_id) == 8 and any(sent.span_id)):
        return "a span has a trace_id of 16 bytes and a span_id of 8, not all zero"
    if len(sent.parent_span_id) not in (0, 8):
        return "a parent_span_id has 8 bytes"
    begins_at, ends_at = moment(sent.start_time_unix_nano), moment(sent.end_time_unix_nano)
    if begins_at is None or ends_at is None or begins_at > ends_at or not timely(begins_at, now) or ends_at > now + AHEAD:
        return "a span begins and ends, in this order, at most 7 days ago and 5 minutes ahead"
    if wrong := unplaced(here):
        return wrong
    attributes, dropped = pairs(sent.attributes)
    events = [
        {"at": at.isoformat(), "name": text_of(one.name, 200), "attributes": pairs(one.attributes)[0]}
        for one in sent.events[:EVENTS]
        if (at := moment(one.time_unix_nano) or begins_at)
    ]
    tags = {**here.tags, **tags_in(attributes)}
    return Span(
        service=here.service, environment=here.environment, window=tags.get("window", ""), trace_id=sent.trace_id.hex(),
        span_id=sent.span_id.hex(), parent_id=sent.parent_span_id.hex() if any(sent.parent_span_id) else "",
        name=text_of(sent.name, 200) or "(no name)", kind=KINDS.get(sent.kind, "internal"), outcome=OUTCOMES.get(sent.status.code, "unset"),
        message=text_of(sent.status.message, 500), begins_at=begins_at, ends_at=ends_at, tags=tags, attributes=attributes, events=events,
        dropped=dropped + max(0, len(sent.events) - EVENTS),
    )  # fmt: skip


def line(sent: LogRecord, here: Origin, now: datetime) -> Line | str:
    """The line, or why it cannot be kept. One without a time of its own has the time at which it was seen, else now."""
    at = moment(sent.time_unix_nano or sent.observed_time_unix_nano) if sent.time_unix_nano or sent.observed_time_unix_nano else now
    if at is None or not timely(at, now):
        return "a log record is at most 7 days old and 5 minutes ahead"
    if wrong := unplaced(here):
        return wrong
    attributes, dropped = pairs(sent.attributes)
    tags = {**here.tags, **tags_in(attributes)}
    return Line(
        service=here.service, environment=here.environment, window=tags.get("window", ""), at=at,
        severity=sent.severity_number if 0 <= sent.severity_number <= 24 else 0,
        level=text_of(sent.severity_text, 20) or level(sent.severity_number), text=said(sent),
        trace_id=sent.trace_id.hex() if len(sent.trace_id) == 16 and any(sent.trace_id) else "",
        span_id=sent.span_id.hex() if len(sent.span_id) == 8 and any(sent.span_id) else "", tags=tags, attributes=attributes,
        dropped=dropped,
    )  # fmt: skip


def said(sent: LogRecord) -> str:
    if sent.body.WhichOneof("value") == "string_value":
        return text_of(sent.body.string_value, BODY)
    return text_of(spoken(value_of(sent.body) or ""), BODY)


def unplaced(here: Origin) -> str:
    if not 0 < len(here.service) <= 63:
        return "the resource has a service.name, the slug of a service in the catalogue"
    return "" if len(here.environment) <= 63 else "an environment has at most 63 letters"


def moment(nanoseconds: int) -> datetime | None:
    """None for no time, and for one that no calendar has."""
    try:
        return EPOCH + timedelta(microseconds=nanoseconds // 1000) if nanoseconds else None
    except OverflowError:
        return None


def timely(at: datetime, now: datetime) -> bool:
    return now - OLDEST <= at <= now + AHEAD


def level(severity: int) -> str:
    names = ("", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
    return names[(severity + 3) // 4] if 0 < severity <= 24 else ""
