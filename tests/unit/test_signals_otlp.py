"""What a body of OTLP becomes: plain, bounded records; and what hostile bodies become: a sentence."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

from tests import given_signals as sent
from windows.errors import Invalid, Refused, TooLarge
from windows.signals.nearness import OF_A_DAY, OF_A_WINDOW, Around, fitting
from windows.signals.otlp import records, values
from windows.signals.otlp.answers import status_of, varint
from windows.signals.otlp.points import points
from windows.signals.otlp.reading import JSON, MEMBERS, NODES, PROTOBUF, SENT, UNPACKED, message
from windows.signals.otlp.records import GROUPS, MOST, lines, spans
from windows.signals.records import Line, Span, size

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MW = "MW-1042"


def read_spans(told: dict[str, Any]) -> Any:
    return spans(message(ExportTraceServiceRequest, sent.as_bytes(told), JSON), NOW)


def read_lines(told: dict[str, Any]) -> Any:
    return lines(message(ExportLogsServiceRequest, sent.as_bytes(told), JSON), NOW)


def test_json_protobuf_and_gzip_say_the_same() -> None:
    at = NOW - timedelta(seconds=5)
    told = sent.as_bytes(sent.traces(sent.span(at, 2, parent=1, failed=True), window=MW, step="Migrate"))
    by_json = message(ExportTraceServiceRequest, told, JSON)
    binary = by_json.SerializeToString()
    assert message(ExportTraceServiceRequest, binary, PROTOBUF) == by_json
    assert message(ExportTraceServiceRequest, gzip.compress(binary), PROTOBUF, "gzip") == by_json
    half = len(binary) // 2
    members = gzip.compress(binary[:half]) + gzip.compress(binary[half:])
    assert message(ExportTraceServiceRequest, members, PROTOBUF, "gzip") == by_json
    (one,) = spans(by_json, NOW).records
    assert (one.trace_id, one.span_id, one.parent_id) == (sent.TRACE, f"{2:016x}", f"{1:016x}"), "ids are hex in OTLP's JSON"
    assert (one.service, one.environment, one.window, one.outcome, one.kind) == ("orders", "production", MW, "error", "server")
    assert one.tags == {"window": MW, "step": "Migrate"} and one.ends_at - one.begins_at == timedelta(seconds=0.1)


def test_r_c13_what_is_beyond_the_limit_is_counted_and_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty records cost two bytes each: a small body holds millions."""
    looked = []
    monkeypatch.setattr(records, "line", lambda *_: looked.append(1) or "no")
    request = ExportLogsServiceRequest()
    for _ in range(3):
        scope = request.resource_logs.add().scope_logs.add()
        for _ in range(MOST):
            scope.log_records.add()
    found = lines(request, NOW)
    assert (len(looked), found.refused) == (MOST, {"no": MOST, f"at most {MOST} are read of one request": 2 * MOST})


REQUESTS = {
    "spans": (ExportTraceServiceRequest, "resource_spans", "scope_spans", spans),
    "lines": (ExportLogsServiceRequest, "resource_logs", "scope_logs", lines),
    "points": (ExportMetricsServiceRequest, "resource_metrics", "scope_metrics", points),
}


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("what", ["resources", "scopes"])
def test_r_c13_millions_of_empty_resources_or_scopes_are_not_walked(kind: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(records, "origin", lambda _: looked.append(1))
    request, resources, within, read = REQUESTS[kind]
    inside = request()
    for _ in range(1 if what == "scopes" else 3 * GROUPS):
        getattr(inside, resources).add()
    for _ in range(3 * GROUPS if what == "scopes" else 1):
        getattr(getattr(inside, resources)[0], within).add()
    with pytest.raises(TooLarge, match=f"At most 10,000 {what} may be sent at once"):
        read(message(request, inside.SerializeToString(), PROTOBUF), NOW)  # type: ignore[operator]
    assert not looked


def test_r_c13_millions_of_metrics_points_without_a_value_and_attributes_are_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    for _ in range(3):
        metric = scope.metrics.add(name="m")
        metric.sum.is_monotonic = True
        for _ in range(MOST):
            metric.sum.data_points.add(flags=1)
    found = points(request, NOW)
    assert found.refused == {f"at most {MOST} are read of one request": 2 * MOST} and not found.records
    for _ in range(GROUPS):
        scope.metrics.add()
    with pytest.raises(TooLarge, match="metrics may be sent at once"):
        points(request, NOW)
    monkeypatch.setattr(values, "value_of", lambda *_: looked.append(1))
    kept, left_out = values.pairs([KeyValue(key="k", value=AnyValue(int_value=1))] * 5000)
    assert (len(kept), left_out, len(looked)) == (1, 5000 - values.LOOKED, values.LOOKED)


@pytest.mark.parametrize("kind", [ExportTraceServiceRequest, ExportLogsServiceRequest, ExportMetricsServiceRequest])
@given(body=st.binary(max_size=300), content_type=st.sampled_from([JSON, PROTOBUF]), encoding=st.sampled_from(["", "gzip", "br"]))
def test_no_body_breaks_the_reader(kind: Any, body: bytes, content_type: str, encoding: str) -> None:
    read = {ExportTraceServiceRequest: spans, ExportLogsServiceRequest: lines, ExportMetricsServiceRequest: points}[kind]
    try:
        found = read(message(kind, body, content_type, encoding), NOW)  # type: ignore[operator]
    except Refused as refusal:
        assert refusal.detail.isprintable()
    else:
        assert len(found.records) <= MOST


@pytest.mark.parametrize(
    ("body", "kind", "encoding", "error"),
    [
        (b"x" * (SENT + 1), PROTOBUF, "", TooLarge),
        (gzip.compress(b"\0" * (UNPACKED + 1)), PROTOBUF, "gzip", TooLarge),
        (gzip.compress(b"\0" * UNPACKED) + gzip.compress(b"\0"), JSON, "gzip", TooLarge),
        (gzip.compress(b"{}")[:-4], JSON, "gzip", Invalid),
        (gzip.compress(b"{}") * (MEMBERS + 1), JSON, "gzip", Invalid),
        (b'{"resourceLogs":[' + b"0," * NODES + b"0]}", JSON, "", TooLarge),
        (b"{}", JSON, "deflate", Invalid),
        (b"\x0a\xff\xff\xff\xff\x0f", PROTOBUF, "", Invalid),
        (b"\x0a" * 5000, PROTOBUF, "", Invalid),
        (b'{"a":' * 20000 + b"1" + b"}" * 20000, JSON, "", Invalid),
        (b"[]", JSON, "", Invalid),
        (b'{"resourceSpans": 7}', JSON, "", Invalid),
        (b'{"resourceSpans": [{"resource": {"attributes": [{"key": "\\ud800"}]}}]}', JSON, "", Invalid),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": "99999999999999999999999"}]}]}]}', JSON, "", Invalid),
    ],
    ids=["long", "bomb", "members", "cut gzip", "many members", "many values", "unknown packing", "cut", "noise", "deep", "list", "number",
         "surrogate", "huge time"],
)  # fmt: skip
def test_hostile_bodies_are_refused_in_a_sentence(body: bytes, kind: str, encoding: str, error: type[Refused]) -> None:
    with pytest.raises(error) as caught:
        message(ExportTraceServiceRequest, body, kind, encoding)
    assert caught.value.detail.endswith((".", "…", "'")) or len(caught.value.detail) < 300


def test_deep_protobuf_is_no_stack_overflow() -> None:
    value = AnyValue(string_value="x")
    for _ in range(20):
        value = AnyValue(array_value=ArrayValue(values=[value]))
    assert json.dumps(values.value_of(value)).count("[") == values.DEEP
    body = b"x"
    for _ in range(3000):  # array values in array values, by hand: no library would write them
        body = tagged(0x2A, tagged(0x0A, body))
    for tag in (0x12, 0x0A, 0x0A, 0x0A):  # the value of an attribute of a resource of resource_spans
        body = tagged(tag, body)
    with pytest.raises(Invalid):
        message(ExportTraceServiceRequest, body, PROTOBUF)


def tagged(tag: int, inside: bytes) -> bytes:
    return bytes([tag]) + varint(len(inside)) + inside


@given(st.text(max_size=300), st.floats(), st.binary(max_size=50))
def test_attributes_can_always_be_stored(text: str, number: float, raw: bytes) -> None:
    text = text.encode(errors="replace").decode()
    told = [
        KeyValue(key=f"k{text}"[:100] or "k", value=AnyValue(string_value=text)),
        KeyValue(key="n", value=AnyValue(double_value=number)),
        KeyValue(key="b", value=AnyValue(bytes_value=raw)),
    ]
    found, dropped = values.pairs(told)
    assert "\\u0000" not in json.dumps(found, allow_nan=False) and "\0" not in "".join(found) and dropped == 0
    assert found["n"] == number or not math.isfinite(number)


def test_huge_attributes_are_cut_and_counted() -> None:
    told = [KeyValue(key=f"k{n}", value=AnyValue(string_value="x" * 100_000)) for n in range(100)]
    found, dropped = values.pairs(told)
    assert size(found) < 1.2 * values.WHOLE and len(found) + dropped == 100
    assert all(len(value) <= values.TEXT for value in found.values())
    many, left_out = values.pairs([KeyValue(key=f"k{n}", value=AnyValue(bool_value=True)) for n in range(100)])
    assert (len(many), left_out) == (values.MOST, 100 - values.MOST)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"traceId": "00" * 16}, "trace_id"), ({"traceId": "zz"}, "trace_id"), ({"spanId": "01"}, "span_id"),
        ({"parentSpanId": "0102"}, "parent_span_id"), ({"startTimeUnixNano": "0"}, "begins"), ({"endTimeUnixNano": "1"}, "begins"),
        ({"startTimeUnixNano": str(2**64 - 1), "endTimeUnixNano": str(2**64 - 1)}, "begins"),
        ({"startTimeUnixNano": str(sent.nano(NOW - timedelta(days=8)))}, "begins"),
    ],
)  # fmt: skip
def test_a_span_that_cannot_be_is_refused_and_the_rest_is_taken(wrong: dict[str, str], why: str) -> None:
    found = read_spans(sent.traces(sent.span(NOW, 1), sent.span(NOW, 2) | wrong))
    ((reason, count),) = found.refused.items()
    assert len(found.records) == count == 1 and why in reason


def test_what_has_no_service_is_told_so() -> None:
    told = sent.traces(sent.span(NOW))
    told["resourceSpans"][0]["resource"] = {}
    assert "service.name" in next(iter(read_spans(told).refused))


def test_the_tags_of_a_record_stand_before_those_of_its_resource() -> None:
    own = sent.line(NOW, attributes=sent.attributes({"maintenance.window": "MW-7"}))
    found = read_lines(sent.logs(own, sent.line(NOW, "other"), window=MW, owner="Ada"))
    assert [(one.window, one.tags["owner"]) for one in found.records] == [("MW-7", "Ada"), (MW, "Ada")]


def test_log_lines_are_bounded_and_keep_their_severity() -> None:
    at = NOW - timedelta(minutes=1)
    found = read_lines(sent.logs(sent.line(at, "x" * 10_000, 17), sent.line(at, "a\x00b", 99), {"body": {"intValue": "7"}}))
    first, second, third = found.records
    assert (len(first.text), first.level, first.is_failure, first.at) == (4000, "ERROR", True, at)
    assert (second.text, second.severity) == ("a�b", 0)
    assert (third.text, third.at) == ("7", NOW), "a line without a time is of now"
    assert first.digest != second.digest


def test_points_of_counters_and_histograms_count() -> None:
    at, since = NOW - timedelta(seconds=1), NOW - timedelta(hours=1)
    histogram = {"name": "duration", "histogram": {"aggregationTemporality": 2, "dataPoints": [
        {"timeUnixNano": str(sent.nano(at)), "startTimeUnixNano": str(sent.nano(since)), "count": "9"}]}}  # fmt: skip
    told = sent.metrics(
        sent.counter("requests", sent.point(at, 5, since, status=200)),
        sent.counter("requests", sent.point(at, -5), {"timeUnixNano": str(sent.nano(at)), "asDouble": "NaN"}),
        sent.counter("requests", sent.point(at, 5), temporality=0),
        {"name": "queue", "gauge": {"dataPoints": [sent.point(at, 3)]}},
        {"name": "level", "sum": {"dataPoints": [sent.point(at, 3)]}},
        sent.counter("requests", sent.point(at, 5) | {"flags": 1}),
        histogram,
    )
    found = points(message(ExportMetricsServiceRequest, sent.as_bytes(told), JSON), NOW)
    assert [(one.metric, one.value, one.is_delta) for one in found.records] == [("requests", 5, True), ("duration", 9, False)]
    assert found.records[0].attributes["status"] == 200 and found.records[0].began == since
    assert sum(found.refused.values()) == 3
    assert found.records[0].stream != found.records[1].stream


def record(n: int, window: str = MW, *, failed: bool = False, text: str = "") -> Line:
    return Line("orders", "production", window, NOW, 17 if failed else 9, "", f"{n} {text}")


SHARE = f"orders in {MW}"


def test_half_of_the_room_is_for_failures_alone() -> None:
    ordinary, big = record(1), record(2, failed=True)
    half = OF_A_WINDOW // 2
    kept, after, refused = fitting([ordinary, big], {MW: half})
    assert kept == [big] and after == {MW: half + big.size, SHARE: big.size} and sum(refused.values()) == 1 and MW in next(iter(refused))
    assert fitting([big], {MW: OF_A_WINDOW})[0] == []
    assert fitting([big], {SHARE: OF_A_WINDOW * 3 // 4})[0] == [], "one service's share of it"
    untagged = record(1, "")
    assert fitting([untagged], {"orders 2026-11-26": OF_A_DAY // 2})[0] == []
    assert fitting([untagged], {"orders 2026-11-25": OF_A_DAY})[0] == [untagged]


def test_near_is_a_day_before_and_after_in_the_same_place() -> None:
    window = Around("orders", "production", NOW, NOW + timedelta(hours=1))
    day = timedelta(hours=24)

    def at(when: datetime, service: str = "orders", environment: str = "production") -> bool:
        return window.is_near(Span(service, environment, "", "", "", "", "", "", "", "", when, when))

    assert at(NOW - day) and at(NOW + timedelta(hours=25)) and at(NOW, environment="")
    assert not at(NOW - day - timedelta(seconds=1)) and not at(NOW + timedelta(hours=25, seconds=1))
    assert not at(NOW, "baskets") and not at(NOW, environment="staging")


def test_a_refusal_in_protobuf_is_a_status() -> None:
    assert status_of(400, "no") == b"\x08\x03\x12\x02no"
    long = status_of(500, "x" * 300)
    assert long[:5] == b"\x08\x0d\x12\xac\x02" and len(long) == 305
