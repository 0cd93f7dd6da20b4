"""Other people's maintenance over REST: what stands, bringing files in, calendars that are polled, mappings, notices that wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import IO, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only
from windows.access.requests import actor_of
from windows.access.shapes import Reason, body, page_of
from windows.audit.clock import clock
from windows.errors import Invalid
from windows.ical_in.lines import LARGEST
from windows.scheduling import texts
from windows.scheduling.api.external_shapes import (
    CompletedAsked,
    ExternalShape,
    NoticeShape,
    ObjectAsked,
    ObjectShape,
    SourceAsked,
    SourceShape,
    TakenShape,
)
from windows.scheduling.commands.calendars_in.completing import Completed, complete_notice
from windows.scheduling.commands.calendars_in.keeping import settle_notice
from windows.scheduling.commands.calendars_in.objects import map_object, unmap_object
from windows.scheduling.commands.calendars_in.sources import add_source, remove_source
from windows.scheduling.commands.calendars_in.uploads import bring_in
from windows.scheduling.queries import calendars_in
from windows.scheduling.queries.external import external_windows
from windows.scheduling.times import parse

FILE = {"text/calendar": OpenApiTypes.BINARY, "message/rfc822": OpenApiTypes.BINARY, "application/mbox": OpenApiTypes.BINARY}


class FileParser(BaseParser):
    """The body as it is, up to one byte more than may be: the command refuses that by name."""

    media_type = "text/calendar"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return bytes(stream.read(LARGEST + 1))


class MessageParser(FileParser):
    media_type = "message/rfc822"


class MailboxParser(FileParser):
    media_type = "application/mbox"


class Arrivals(APIView):
    parser_classes = (FileParser, MessageParser, MailboxParser)

    @extend_schema(
        operation_id="list_external_windows",
        parameters=[*(OpenApiParameter(name, str) for name in ("since", "until", "service"))],
        responses=ExternalShape(many=True),
        description="Maintenance of providers that touches a period (from now for 92 days, unless said otherwise; 400 days at most).",
    )
    def get(self, request: Request) -> Response:
        asked = only(request.query_params, "since", "until", "service")
        since = parse(asked["since"], "since") if "since" in asked else clock()
        until = parse(asked["until"], "until") if "until" in asked else since + timedelta(days=92)
        if not since < until <= since + timedelta(days=400):
            raise Invalid("Ask for 400 days at most.", field="until")
        services = [texts.line(asked["service"], "service", longest=63)] if "service" in asked else None
        found = external_windows(since, until, services)
        return Response([{"reference": one.reference, **asdict(one)} for one in found])

    @extend_schema(
        operation_id="bring_in_notices",
        parameters=[OpenApiParameter("provider", str, description="Who speaks where the file does not say so")],
        request=FILE,
        responses={200: TakenShape},
        description="A calendar, a MAINTNOTE notice, a message or a mailbox, 1 MiB at most. The same file again changes nothing.",
    )
    def post(self, request: Request) -> Response:
        asked = only(request.query_params, "provider")
        raw = request.data if isinstance(request.data, bytes) else b""
        taken = asdict(bring_in(actor_of(request), raw, via="api", provider=asked.get("provider", "")))
        taken.pop("told")
        return Response(taken)


class Sources(APIView):
    @extend_schema(operation_id="list_calendars_in", responses=SourceShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response(calendars_in.sources())

    @extend_schema(operation_id="add_calendar_in", request=SourceAsked, responses={201: SourceShape})
    def post(self, request: Request) -> Response:
        made = add_source(actor_of(request), **body(SourceAsked, request))
        return Response(next(row for row in calendars_in.sources() if row["id"] == made.pk), status=201)


class OneSource(APIView):
    @extend_schema(operation_id="remove_calendar_in", responses={204: None})
    def delete(self, request: Request, source_id: int) -> Response:
        remove_source(actor_of(request), source_id)
        return Response(status=204)


class Objects(APIView):
    @extend_schema(
        operation_id="list_provider_objects",
        parameters=[OpenApiParameter("provider", str), OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=page_of(ObjectShape),
    )
    def get(self, request: Request) -> Response:
        asked = only(request.query_params, "provider")
        after, limit = cursor_of(request.query_params, int), limit_of(request.query_params)
        provider = texts.line(asked.get("provider", ""), "provider", longest=120)
        return Response(calendars_in.objects(limit=limit, after=after[0] if after else 0, provider=provider))

    @extend_schema(operation_id="map_provider_object", request=ObjectAsked, responses={201: ObjectShape})
    def post(self, request: Request) -> Response:
        asked = body(ObjectAsked, request)
        row = map_object(actor_of(request), asked.pop("provider"), asked.pop("object"), asked.pop("service"), **asked)
        shown = {name: getattr(row, name) for name in calendars_in.OBJECT}
        return Response(shown | {"service": row.service.slug}, status=201)


class OneObject(APIView):
    @extend_schema(operation_id="unmap_provider_object", responses={204: None})
    def delete(self, request: Request, object_id: int) -> Response:
        unmap_object(actor_of(request), object_id)
        return Response(status=204)


class Waiting(APIView):
    @extend_schema(
        operation_id="list_incomplete_notices",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=page_of(NoticeShape),
        description="Notices that could not be taken, with what is missing, until somebody settles them.",
    )
    def get(self, request: Request) -> Response:
        only(request.query_params)
        before = cursor_of(request.query_params, int)
        return Response(calendars_in.waiting(limit=limit_of(request.query_params), before=before[0] if before else None))


class Complete(APIView):
    @extend_schema(
        operation_id="complete_notice",
        request=CompletedAsked,
        responses=NoticeShape,
        description="What the notice left out; it is taken as if the provider had said so.",
    )
    def post(self, request: Request, notice_id: int) -> Response:
        asked = body(CompletedAsked, request)
        said: dict[str, Any] = {name: parse(asked.pop(name), name) for name in ("starts_at", "ends_at")}
        said |= {"objects": tuple(asked.pop("objects", ())), **asked}
        row = complete_notice(actor_of(request), notice_id, Completed(**said))
        return Response({name: getattr(row, name) for name in calendars_in.NOTICE})


class Settle(APIView):
    @extend_schema(operation_id="settle_notice", request=Reason, responses=NoticeShape)
    def post(self, request: Request, notice_id: int) -> Response:
        row = settle_notice(actor_of(request), notice_id, body(Reason, request)["reason"])
        return Response({name: getattr(row, name) for name in calendars_in.NOTICE})
