"""Change freezes: what stands, declaring one, lifting one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Reason, Shape, body
from windows.audit.clock import clock
from windows.errors import Invalid
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze, lift_freeze
from windows.scheduling.queries import freezes
from windows.scheduling.queries.freezes import view
from windows.scheduling.times import parse


class FreezeShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    reason = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    severity = serializers.CharField(help_text="hard, soft or advisory")
    on_running = serializers.CharField(help_text="finish_step, hold, roll_back or continue")
    services = serializers.ListField(child=serializers.CharField())
    teams = serializers.ListField(child=serializers.CharField())
    environments = serializers.ListField(child=serializers.CharField())
    lifted_at = serializers.DateTimeField(allow_null=True)
    is_example = serializers.BooleanField()


class FreezeAsked(Shape):
    title = serializers.CharField(max_length=1000)
    starts_at = serializers.CharField(max_length=60)
    ends_at = serializers.CharField(max_length=60)
    severity = serializers.CharField(max_length=20, required=False)
    reason = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    on_running = serializers.CharField(max_length=20, required=False)
    services = serializers.ListField(child=serializers.CharField(max_length=63), max_length=200, required=False)
    teams = serializers.ListField(child=serializers.CharField(max_length=63), max_length=200, required=False)
    environments = serializers.ListField(child=serializers.CharField(max_length=63), max_length=200, required=False)


class Freezes(APIView):
    @extend_schema(
        operation_id="list_freezes",
        parameters=[OpenApiParameter("since", str), OpenApiParameter("until", str)],
        responses=FreezeShape(many=True),
        description="Freezes that touch a period: from now for 92 days, unless said otherwise. A year at most.",
    )
    def get(self, request: Request) -> Response:
        asked = only(request.query_params, "since", "until")
        since = parse(asked["since"], "since") if "since" in asked else clock()
        until = parse(asked["until"], "until") if "until" in asked else since + timedelta(days=92)
        if not since <= until <= since + timedelta(days=366):
            raise Invalid("Ask for a year at most.", field="until")
        return Response([asdict(freeze) for freeze in freezes(since, until)])

    @extend_schema(operation_id="create_freeze", request=FreezeAsked, responses={201: FreezeShape})
    def post(self, request: Request) -> Response:
        asked: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in body(FreezeAsked, request).items()
        }
        return Response(asdict(view(create_freeze(actor_of(request), FreezeDraft(**asked)))), status=201)


class Lift(APIView):
    @extend_schema(operation_id="lift_freeze", request=Reason, responses=FreezeShape)
    def post(self, request: Request, freeze_id: int) -> Response:
        return Response(asdict(view(lift_freeze(actor_of(request), freeze_id, body(Reason, request)["reason"]))))
