"""The calendar over REST, and one's secret iCal addresses."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, cursor_to, limit_of, only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body, page_of
from windows.audit.clock import clock
from windows.scheduling.api.shapes import MODES, STATUS, TYPES, PlaceShape
from windows.scheduling.commands.feeds import KINDS, issue_feed, revoke_feed
from windows.scheduling.models import Feed
from windows.scheduling.queries.calendar import CalendarFilter, calendar
from windows.scheduling.times import parse

FILTERS = ("since", "until", "team", "service", "environment", "status", "q")
FIELDS = ("id", "kind", "target", "created_at", "last_used_at", "revoked_at")


class CalendarPlaceShape(PlaceShape):
    service_name = serializers.CharField()


class CalendarEntryShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(STATUS)
    mode = serializers.ChoiceField(MODES)
    change_type = serializers.ChoiceField(TYPES)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    timezone = serializers.CharField()
    confidential = serializers.BooleanField()
    is_example = serializers.BooleanField()
    version = serializers.IntegerField()
    sequence = serializers.IntegerField()
    updated_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    team = serializers.CharField()
    team_name = serializers.CharField()
    owner = serializers.CharField()
    coordinator = serializers.CharField()
    coordinator_id = serializers.IntegerField()
    places = CalendarPlaceShape(many=True)


class FeedShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    target = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewFeedShape(FeedShape):
    address = serializers.CharField(help_text="Secret, shown this once: whoever has it reads what you may read")


class FeedAsked(Shape):
    kind = serializers.ChoiceField([(kind, kind) for kind in KINDS])
    target = Text(max_length=63, allow_blank=True, default="")


class CalendarView(APIView):
    @extend_schema(
        operation_id="read_calendar",
        parameters=[*(OpenApiParameter(name, str) for name in (*FILTERS, "cursor")), OpenApiParameter("limit", int)],
        responses=page_of(CalendarEntryShape),
        description="Windows that overlap a period (from now for 31 days, unless said otherwise), by begin.",
    )
    def get(self, request: Request) -> Response:
        asked = only(request.query_params, *FILTERS)
        since = parse(asked["since"], "since") if "since" in asked else clock()
        until = parse(asked["until"], "until") if "until" in asked else since + timedelta(days=31)
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, datetime, int)
        wanted = CalendarFilter(
            since=since,
            until=until,
            team=asked.get("team"),
            service=asked.get("service"),
            environment=asked.get("environment"),
            status=tuple(asked["status"].split(",")) if "status" in asked else (),
            text=asked.get("q", ""),
            after=(after[0], after[1]) if after else None,
            limit=limit + 1,
        )
        found = calendar(wanted, actor_of(request))
        onward = cursor_to(found[limit - 1].cursor) if len(found) > limit else None
        return Response({"items": [{"reference": entry.reference, **asdict(entry)} for entry in found[:limit]], "next_cursor": onward})


class Feeds(APIView):
    @extend_schema(operation_id="list_own_feeds", responses=FeedShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response(list(Feed.objects.filter(person=actor_of(request).person_id or 0).order_by("-id").values(*FIELDS)[:200]))

    @extend_schema(operation_id="issue_feed", request=FeedAsked, responses={201: NewFeedShape})
    def post(self, request: Request) -> Response:
        asked = body(FeedAsked, request)
        feed, raw = issue_feed(actor_of(request), asked["kind"], asked["target"])
        address = f"{settings.PORTAL_URL}/feeds/{raw}.ics"
        row = Feed.objects.values(*FIELDS).get(pk=feed.pk)
        return Response({**row, "address": address}, status=201, headers={"Cache-Control": "no-store"})


class OneFeed(APIView):
    @extend_schema(operation_id="revoke_feed", responses={204: None})
    def delete(self, request: Request, feed_id: int) -> Response:
        revoke_feed(actor_of(request), feed_id)
        return Response(status=204)
