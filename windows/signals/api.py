"""Where services send logs, traces and metrics: OTLP over HTTP, protobuf or JSON, with a token whose scope is measure.

Source: OTLP 1.x, "OTLP/HTTP". An answer has the format of its request; errors are google.rpc.Status in protobuf, and problem+json
(which carries a Status's `code` and `message` too) for those who send JSON. 200 with `partial_success` tells what was refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest, ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.roles import Actor, Verb
from windows.audit.clock import clock
from windows.errors import Forbidden
from windows.signals.commands.canaries import land
from windows.signals.commands.keeping import Taken, keep, may_send
from windows.signals.commands.measuring import count
from windows.signals.door import claim_in, digest
from windows.signals.otlp.answers import code_of, status_of
from windows.signals.otlp.points import points
from windows.signals.otlp.reading import JSON, PROTOBUF, SENT, message
from windows.signals.otlp.records import lines, spans

BODY = {PROTOBUF: OpenApiTypes.BINARY, JSON: OpenApiTypes.OBJECT}
ANSWER = {(200, PROTOBUF): OpenApiTypes.BINARY, (200, JSON): OpenApiTypes.OBJECT}
SAID = "OpenTelemetry's OTLP over HTTP; give exporters `…/api` as their endpoint. What belongs to no window is answered and let go."
LISTED = 5  # reasons of one answer


class Raw(BaseParser):
    """The body as it came, one byte more than may be sent where it is longer."""

    media_type = PROTOBUF

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return bytes(stream.read(SENT + 1))


class RawJson(Raw):
    media_type = JSON


class Receiver(APIView):
    """One signal: its message, its answer, what is done with it."""

    parser_classes = (Raw, RawJson)
    asked: ClassVar[type[Message]]
    told: ClassVar[type[Message]]
    called: ClassVar[str]  # the field of partial_success that counts what was refused

    def take(self, actor: Actor, sent: Any, now: datetime) -> Taken:
        raise NotImplementedError

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)  # the answer's format is the request's, whatever is accepted

    def check_permissions(self, request: Request) -> None:
        """A canary of ours needs nobody's rights: what it is signed with is all that it may send."""
        if claim_in(request.headers.get("Authorization", "")) is None:
            super().check_permissions(request)

    def received(self, request: Request) -> HttpResponse:
        body = request.data if isinstance(request.data, bytes) else b""
        encoding = request.headers.get("Content-Encoding", "").strip().lower()
        claim = claim_in(request.headers.get("Authorization", ""))
        if claim is not None:
            if claim.body != digest(body):
                raise Forbidden("This claim was signed for another body.", verb=Verb.MEASURE.value)
            found = Taken(1, 0, land(message(self.asked, body, kind_of(request), encoding), claim.series, clock()))
        else:
            actor = actor_of(request)
            may_send(actor)
            found = self.take(actor, message(self.asked, body, kind_of(request), encoding), clock())
        return answered(self.told(), self.called, found, kind_of(request))

    def handle_exception(self, exc: Exception) -> Any:
        response = super().handle_exception(exc)
        response.status_code = status = 400 if response.status_code == 422 else response.status_code  # the protocol's bad data is 400
        problem = json.loads(response.content)
        if kind_of(self.request) == JSON:
            told = {**problem, "status": status, "code": code_of(status), "message": problem["detail"]}
            response.content = json.dumps(told).encode()
        else:
            response.content = status_of(status, problem["detail"])
            response["Content-Type"] = PROTOBUF
        return response


def kind_of(request: Request) -> str:
    return PROTOBUF if request.content_type.split(";")[0].strip().lower() == PROTOBUF else JSON


def answered(told: Any, called: str, taken: Taken, kind: str) -> HttpResponse:
    if taken.refused:
        setattr(told.partial_success, called, sum(taken.refused.values()))
        most = sorted(taken.refused.items(), key=lambda pair: -pair[1])[:LISTED]
        told.partial_success.error_message = "; ".join(f"{count} refused: {reason}" for reason, count in most)
    content = told.SerializeToString() if kind == PROTOBUF else json_format.MessageToJson(told, indent=None).encode()
    return HttpResponse(content, content_type=kind)


class Traces(Receiver):
    asked, told, called = ExportTraceServiceRequest, ExportTraceServiceResponse, "rejected_spans"

    def take(self, actor: Actor, sent: Any, now: datetime) -> Taken:
        return keep(actor, spans(sent, now), now)

    @extend_schema(operation_id="send_traces", request=BODY, responses=ANSWER, description=SAID)
    def post(self, request: Request) -> HttpResponse:
        return self.received(request)


class Logs(Receiver):
    asked, told, called = ExportLogsServiceRequest, ExportLogsServiceResponse, "rejected_log_records"

    def take(self, actor: Actor, sent: Any, now: datetime) -> Taken:
        return keep(actor, lines(sent, now), now)

    @extend_schema(operation_id="send_logs", request=BODY, responses=ANSWER, description=SAID)
    def post(self, request: Request) -> HttpResponse:
        return self.received(request)


class Metrics(Receiver):
    asked, told, called = ExportMetricsServiceRequest, ExportMetricsServiceResponse, "rejected_data_points"

    def take(self, actor: Actor, sent: Any, now: datetime) -> Taken:
        return count(actor, points(sent, now))

    @extend_schema(operation_id="send_metrics", request=BODY, responses=ANSWER, description=SAID)
    def post(self, request: Request) -> HttpResponse:
        return self.received(request)
