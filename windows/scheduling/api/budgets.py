"""Budgets of windows a month, and who is over theirs."""

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
from windows.access.shapes import Shape, body
from windows.audit.clock import clock
from windows.scheduling.commands.budgets import set_window_budget, withdraw_window_budget
from windows.scheduling.models import WindowBudget
from windows.scheduling.queries.loads import months

YEAR = timedelta(days=366)


class WindowBudgetAsked(Shape):
    """At most so many windows a month (UTC): of a service, of a tier, or of every service where neither is said."""

    at_most = serializers.IntegerField(min_value=1, max_value=1000)
    severity = serializers.CharField(max_length=20, default="soft", help_text="hard, soft or advisory")
    service = serializers.CharField(max_length=63, default="", allow_blank=True)
    tier = serializers.IntegerField(default=None, allow_null=True, min_value=1, max_value=4)


class WindowBudgetShape(WindowBudgetAsked):
    id = serializers.IntegerField()


class MonthLoadShape(serializers.Serializer[Any]):
    service = serializers.CharField()
    name = serializers.CharField()
    month = serializers.DateTimeField()
    number = serializers.IntegerField()
    went_wrong = serializers.IntegerField(help_text="Of these, rolled back or failed")
    at_most = serializers.IntegerField(allow_null=True)


def shaped(budget: WindowBudget) -> dict[str, Any]:
    row = {name: getattr(budget, name) for name in ("id", "at_most", "severity", "tier")}
    return row | {"service": budget.service.slug if budget.service else ""}


class WindowBudgets(APIView):
    @extend_schema(operation_id="list_window_budgets", responses=WindowBudgetShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response(
            [shaped(row) for row in WindowBudget.objects.select_related("service").order_by("service__slug", "tier", "id")[:1000]]
        )

    @extend_schema(operation_id="set_window_budget", request=WindowBudgetAsked, responses={201: WindowBudgetShape})
    def post(self, request: Request) -> Response:
        return Response(shaped(set_window_budget(actor_of(request), **body(WindowBudgetAsked, request))), status=201)


class OneWindowBudget(APIView):
    @extend_schema(operation_id="withdraw_window_budget", responses={204: None})
    def delete(self, request: Request, budget_id: int) -> Response:
        withdraw_window_budget(actor_of(request), budget_id)
        return Response(status=204)


class TooMany(APIView):
    @extend_schema(
        operation_id="list_too_many_windows",
        parameters=[OpenApiParameter("service", str)],
        responses=MonthLoadShape(many=True),
        description="Services and months, a year back and ahead, with more windows than their budget; of one service, every month.",
    )
    def get(self, request: Request) -> Response:
        asked = only(request.query_params, "service")
        now = clock()
        return Response([asdict(row) for row in months(now - YEAR, now + YEAR, service=asked.get("service", "").replace("\0", ""))])
