"""Change calendars of others over REST: kept whole from a file, AWS Change Calendar's or any other, or read from an address."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, body, names
from windows.audit.clock import clock
from windows.scheduling.api.external import FILE, FileParser
from windows.scheduling.commands.change_calendars import keep_change_calendar, remove_change_calendar, watch_change_calendar
from windows.scheduling.queries.change_calendars import ChangeCalendarView, change_calendar_of, change_calendars


class ChangeCalendarShape(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="asked for as calendar:name")
    description = serializers.CharField()
    opens_by_default = serializers.BooleanField(help_text="true: its events are closed times; false: they are the open ones")
    events = serializers.IntegerField()
    kept_by = serializers.CharField()
    kept_at = serializers.DateTimeField()
    address = serializers.CharField(help_text="the host it is read from; empty: it is kept from files")
    polled_at = serializers.DateTimeField(allow_null=True)
    succeeded_at = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField(help_text="in a row")
    error = serializers.CharField(help_text="of the last try; empty where it went well")
    state = serializers.CharField(help_text="what it says now: OPEN or CLOSED")
    next_transition = serializers.DateTimeField(allow_null=True, help_text="null: not within the next 31 days, or not known")


class WatchAsked(Shape):
    name = serializers.CharField(max_length=63)
    url = serializers.CharField(max_length=1000, help_text="https://… or webcal://…; shown to nobody afterwards")


def told(one: ChangeCalendarView) -> dict[str, Any]:
    now = {"state": one.says.state, "next_transition": one.says.next_transition}
    return {name: now[name] if name in now else getattr(one, name) for name in names(ChangeCalendarShape)}


class ChangeCalendars(APIView):
    @extend_schema(operation_id="list_change_calendars", responses=ChangeCalendarShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response([told(one) for one in change_calendars(clock())])

    @extend_schema(
        operation_id="watch_change_calendar",
        request=WatchAsked,
        responses={201: ChangeCalendarShape},
        description="A change calendar that is read from its address every quarter of an hour; closed until it has been read.",
    )
    def post(self, request: Request) -> Response:
        asked = body(WatchAsked, request)
        row = watch_change_calendar(actor_of(request), asked["name"], asked["url"])
        return Response(told(change_calendar_of(row.name, clock())[0]), status=201)


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
        return Response(told(change_calendar_of(kept.name, clock())[0]))

    @extend_schema(operation_id="remove_change_calendar", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        remove_change_calendar(actor_of(request), slug)
        return Response(status=204)
