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
from windows.access.shapes import Reason, Shape, body, names
from windows.audit.clock import clock
from windows.errors import Invalid
from windows.scheduling.commands.freeze_series import create_freeze_series, except_from_freeze, lift_freeze_series, withdraw_exception
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze, lift_freeze
from windows.scheduling.models import Freeze
from windows.scheduling.queries import freezes, window_id_of
from windows.scheduling.queries.freezes import FreezeView, views
from windows.scheduling.times import parse


class ExceptionShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    window = serializers.CharField()
    team = serializers.CharField()
    reason = serializers.CharField()
    made_by = serializers.CharField()
    made_at = serializers.DateTimeField()


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
    tiers = serializers.ListField(child=serializers.IntegerField())
    series = serializers.IntegerField(allow_null=True, help_text="Shared by all times of one that recurs")
    exceptions = ExceptionShape(many=True)
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
    tiers = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=4), max_length=4, required=False)
    excepted_teams = serializers.ListField(child=serializers.CharField(max_length=63), max_length=200, required=False)
    exception_reason = serializers.CharField(max_length=4000, allow_blank=True, required=False)
    rrule = serializers.CharField(max_length=500, required=False, help_text="RFC 5545; recurs in the wall-clock time of its timezone")
    timezone = serializers.CharField(max_length=60, required=False)


class LiftAsked(Reason):
    whole_series = serializers.BooleanField(default=False, help_text="This time and all that follow")


class ExceptionAsked(Reason):
    window = serializers.CharField(max_length=30, required=False)
    team = serializers.CharField(max_length=63, required=False)
    whole_series = serializers.BooleanField(default=False)


def shaped(freeze: FreezeView) -> dict[str, Any]:
    """As FreezeShape says; an exception for a confidential window is not for every eye."""
    row = asdict(freeze)
    row["exceptions"] = [{name: one[name] for name in names(ExceptionShape)} for one in row["exceptions"] if not one["is_secret"]]
    return row


def one(freeze_id: int) -> dict[str, Any]:
    return shaped(views([Freeze.objects.get(pk=freeze_id)])[0])


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
        return Response([shaped(freeze) for freeze in freezes(since, until)])

    @extend_schema(operation_id="create_freeze", request=FreezeAsked, responses={201: FreezeShape})
    def post(self, request: Request) -> Response:
        asked: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in body(FreezeAsked, request).items()
        }
        rrule, zone = asked.pop("rrule", ""), asked.pop("timezone", "UTC")
        actor, draft = actor_of(request), FreezeDraft(**asked)
        freeze = create_freeze_series(actor, draft, rrule, zone) if rrule else create_freeze(actor, draft)
        return Response(one(freeze.pk), status=201)


class Lift(APIView):
    @extend_schema(operation_id="lift_freeze", request=LiftAsked, responses=FreezeShape)
    def post(self, request: Request, freeze_id: int) -> Response:
        asked = body(LiftAsked, request)
        (lift_freeze_series if asked["whole_series"] else lift_freeze)(actor_of(request), freeze_id, asked["reason"])
        return Response(one(freeze_id))


class Exceptions(APIView):
    @extend_schema(operation_id="except_from_freeze", request=ExceptionAsked, responses={201: FreezeShape})
    def post(self, request: Request, freeze_id: int) -> Response:
        asked = body(ExceptionAsked, request)
        window = window_id_of(asked["window"]) if asked.get("window") else None
        team, whole = asked.get("team", ""), asked["whole_series"]
        except_from_freeze(actor_of(request), freeze_id, asked["reason"], window=window, team=team, whole_series=whole)
        return Response(one(freeze_id), status=201)


class OneException(APIView):
    @extend_schema(operation_id="withdraw_freeze_exception", responses={204: None})
    def delete(self, request: Request, freeze_id: int, exception_id: int) -> Response:
        withdraw_exception(actor_of(request), freeze_id, exception_id)
        return Response(status=204)
