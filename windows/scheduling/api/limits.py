"""Limits on windows at the same time."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body
from windows.scheduling.commands.limits import set_limit, withdraw_limit
from windows.scheduling.models import ConcurrencyLimit


class LimitAsked(Shape):
    """At most so many windows at once: of a team's services, of a platform with everything that needs it, in an environment."""

    title = Text(max_length=120)
    at_most = serializers.IntegerField(min_value=1, max_value=1000)
    severity = serializers.CharField(max_length=20, default="soft", help_text="hard, soft or advisory")
    team = serializers.CharField(max_length=63, default="", allow_blank=True)
    platform = serializers.CharField(max_length=63, default="", allow_blank=True, help_text="A service; what needs it counts too")
    environment = serializers.CharField(max_length=63, default="", allow_blank=True)


class LimitShape(LimitAsked):
    id = serializers.IntegerField()


def shaped(limit: ConcurrencyLimit) -> dict[str, Any]:
    row = {name: getattr(limit, name) for name in ("id", "title", "at_most", "severity", "environment")}
    return row | {"team": limit.team.slug if limit.team else "", "platform": limit.platform.slug if limit.platform else ""}


class Limits(APIView):
    @extend_schema(operation_id="list_limits", responses=LimitShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response([shaped(row) for row in ConcurrencyLimit.objects.select_related("team", "platform").order_by("title")])

    @extend_schema(operation_id="set_limit", request=LimitAsked, responses={201: LimitShape})
    def post(self, request: Request) -> Response:
        return Response(shaped(set_limit(actor_of(request), **body(LimitAsked, request))), status=201)


class OneLimit(APIView):
    @extend_schema(operation_id="withdraw_limit", responses={204: None})
    def delete(self, request: Request, limit_id: int) -> Response:
        withdraw_limit(actor_of(request), limit_id)
        return Response(status=204)
