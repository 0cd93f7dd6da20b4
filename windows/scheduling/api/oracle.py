"""The change oracle: may changes go out now? For pipelines, also in the words of AWS Change Calendar."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, body
from windows.audit.clock import clock
from windows.errors import Invalid
from windows.scheduling.change_calendar import change_calendar
from windows.scheduling.oracle import Answer
from windows.scheduling.queries.oracle import AHEAD, FOREIGN, change_oracle, closed_times, in_maintenance
from windows.scheduling.times import parse

MOST = 20


class OracleShape(serializers.Serializer[Any]):
    """`State`, `AtTime` and `NextTransitionTime` as AWS Change Calendar says them; what only we know stands beside."""

    State = serializers.ChoiceField([("OPEN", "OPEN"), ("CLOSED", "CLOSED")])
    AtTime = serializers.CharField()
    NextTransitionTime = serializers.CharField(required=False, help_text="Absent where none is known within 31 days")
    advice = serializers.CharField(help_text="open, canary_only or closed; canary_only is CLOSED for whoever reads only State")
    reasons = serializers.ListField(child=serializers.DictField())
    freeze_ids = serializers.ListField(child=serializers.IntegerField())


class OracleAsked(Shape):
    CalendarNames = serializers.ListField(
        child=serializers.CharField(max_length=130),
        min_length=1,
        max_length=MOST,
        help_text="service, service/environment or calendar:name; all must be open",
    )
    AtTime = serializers.CharField(max_length=60, required=False)


class BelowShape(serializers.Serializer[Any]):
    in_maintenance = serializers.BooleanField()
    windows = serializers.ListField(child=serializers.DictField())


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def shaped(found: Answer) -> dict[str, Any]:
    row: dict[str, Any] = {"State": found.state, "AtTime": stamp(found.at)}
    if found.next_transition is not None:
        row["NextTransitionTime"] = stamp(found.next_transition)
    reasons = [
        {
            "advice": one.advice.value,
            "calendar": one.calendar,
            "who": one.who,
            "why": one.why,
            "since": stamp(one.begins),
            "until": stamp(one.ends) if one.ends else None,
        }
        for one in found.reasons
    ]
    freezes = sorted({one.freeze for one in found.reasons if one.freeze is not None})
    return row | {"advice": found.advice.value, "reasons": reasons, "freeze_ids": freezes}


class ChangeOracle(APIView):
    @extend_schema(
        operation_id="ask_change_oracle",
        parameters=[
            *(OpenApiParameter(name, str) for name in ("service", "environment", "at")),
            OpenApiParameter("calendars", str, description="change calendars of others that must be open too, joined by commas"),
        ],
        responses=OracleShape,
        description="CLOSED while a freeze or an exclusive window covers the service, its error budget is spent, or a calendar says so.",
    )
    def get(self, request: Request) -> Response:
        asked = only(request.query_params, "service", "environment", "at", "calendars")
        if not asked.get("service") or FOREIGN in asked["service"]:
            raise Invalid("Say which service: ?service=orders&environment=production.", field="service")
        at = parse(asked["at"], "at") if "at" in asked else None
        environment = f"/{asked['environment']}" if asked.get("environment") else ""
        foreign = [f"{FOREIGN}{name.strip().removeprefix(FOREIGN)}" for name in asked.get("calendars", "").split(",") if name.strip()]
        if len(foreign) >= MOST:
            raise Invalid(f"Name fewer than {MOST} calendars.", field="calendars")
        return Response(shaped(change_oracle([asked["service"] + environment, *foreign], at, actor_of(request))))


class CalendarState(APIView):
    """As AWS Systems Manager's GetCalendarState; several calendars are open only together."""

    @extend_schema(operation_id="get_calendar_state", request=OracleAsked, responses=OracleShape)
    def post(self, request: Request) -> Response:
        asked = body(OracleAsked, request)
        at = parse(asked["AtTime"], "AtTime") if "AtTime" in asked else None
        return Response(shaped(change_oracle(asked["CalendarNames"], at, actor_of(request))))


class ClosedTimes(APIView):
    """The same as a calendar that other tools import: AWS Change Calendar's form, open by default."""

    @extend_schema(
        operation_id="export_change_calendar",
        parameters=[OpenApiParameter("calendars", str, required=True, description="As CalendarNames, joined by commas")],
        responses={(200, "text/calendar"): OpenApiTypes.STR},
        description="The times within 31 days in which one of these is closed. A time for canaries only counts as closed, as in State.",
    )
    def get(self, request: Request) -> HttpResponse:
        asked = only(request.query_params, "calendars")
        names = [name.strip() for name in asked.get("calendars", "").split(",") if name.strip()]
        if not 1 <= len(names) <= MOST:
            raise Invalid(f"Name 1 to {MOST} calendars: ?calendars=orders/production,baskets", field="calendars")
        now = clock()
        found = closed_times(names, now, actor_of(request))
        text = change_calendar(found, ", ".join(names), urlsplit(settings.PORTAL_URL).hostname or "roadworks", now, now + AHEAD)
        return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers={"Cache-Control": "private, no-cache"})


class InMaintenance(APIView):
    @extend_schema(
        operation_id="in_maintenance",
        parameters=[OpenApiParameter("environment", str)],
        responses=BelowShape,
        description="The windows at work on the service or on anything it needs, however deep.",
    )
    def get(self, request: Request, slug: str) -> Response:
        asked = only(request.query_params, "environment")
        found = in_maintenance(slug, asked.get("environment", ""), actor_of(request))
        rows = [asdict(one) | {"ends_at": stamp(one.ends_at)} for one in found]
        return Response({"in_maintenance": bool(rows), "windows": rows})
