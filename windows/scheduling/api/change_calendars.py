"""Change calendars of others over REST: kept whole, from a file in the form of AWS Change Calendar or any other calendar."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.scheduling.api.external import FILE, FileParser
from windows.scheduling.commands.change_calendars import keep_change_calendar, remove_change_calendar
from windows.scheduling.queries.change_calendars import change_calendars


class ChangeCalendarShape(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="asked for as calendar:name")
    description = serializers.CharField()
    opens_by_default = serializers.BooleanField(help_text="true: its events are closed times; false: they are the open ones")
    events = serializers.IntegerField()
    kept_by = serializers.CharField()
    kept_at = serializers.DateTimeField()


class ChangeCalendars(APIView):
    @extend_schema(operation_id="list_change_calendars", responses=ChangeCalendarShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response([asdict(one) for one in change_calendars()])


class OneChangeCalendar(APIView):
    parser_classes = (FileParser,)

    @extend_schema(
        operation_id="keep_change_calendar",
        request={"text/calendar": FILE["text/calendar"]},
        responses=ChangeCalendarShape,
        description="Make or replace a change calendar. X-CALENDAR-TYPE says what its events are; without one they are closed times.",
    )
    def put(self, request: Request, slug: str) -> Response:
        raw = request.data if isinstance(request.data, bytes) else b""
        kept = keep_change_calendar(actor_of(request), slug, raw)
        return Response(next(asdict(one) for one in change_calendars() if one.name == kept.name))

    @extend_schema(operation_id="remove_change_calendar", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        remove_change_calendar(actor_of(request), slug)
        return Response(status=204)
