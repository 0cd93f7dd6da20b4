"""What a window costs, over REST."""

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
from windows.audit.clock import clock
from windows.reviews.cost import Cost
from windows.reviews.queries.cost import cost_of
from windows.scheduling.queries import window_id_of, window_view


class CostFiguresShape(serializers.Serializer[Any]):
    people_hours = serializers.FloatField(allow_null=True)
    cloud = serializers.CharField(allow_null=True, help_text="Decimal as text, in the portal's one currency; null: not known")
    leftovers = serializers.CharField(allow_null=True, help_text="Of what it left running, until it was torn down or now")


class WindowCostShape(serializers.Serializer[Any]):
    people = serializers.IntegerField(allow_null=True, help_text="Busy at once, as it was expected")
    cloud_per_hour = serializers.CharField(allow_null=True)
    people_from = serializers.CharField()
    cloud_from = serializers.CharField()
    estimate = CostFiguresShape()
    actual = CostFiguresShape(allow_null=True, help_text="Null: it has not ended")
    took_part = serializers.IntegerField(allow_null=True, help_text="People who acted in its run, its beginner too; 0: it ran by itself")


def figures(cost: Cost) -> dict[str, Any]:
    return {name: str(value) if value is not None and name != "people_hours" else value for name, value in asdict(cost).items()}


class WindowCost(APIView):
    @extend_schema(operation_id="read_window_cost", responses=WindowCostShape)
    def get(self, request: Request, reference: str) -> Response:
        only(request.query_params)
        found = cost_of(window_view(window_id_of(reference), actor_of(request)).id, clock())
        at = found.rates
        return Response({
            "people": at.people, "cloud_per_hour": None if at.cloud_per_hour is None else str(at.cloud_per_hour),
            "people_from": at.people_from, "cloud_from": at.cloud_from, "estimate": figures(found.estimate),
            "actual": figures(found.actual) if found.actual else None, "took_part": found.people,
        })  # fmt: skip
