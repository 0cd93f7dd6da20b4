"""How long approvals take."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.approvals.queries.lead_times import lead_times
from windows.audit.clock import clock


class LeadTimeShape(serializers.Serializer[Any]):
    team = serializers.CharField()
    count = serializers.IntegerField(help_text="Requests that people signed and that were approved in the last 90 days")
    median_seconds = serializers.FloatField(help_text="From when approval was asked for to the last signature")
    longest_seconds = serializers.FloatField()


class LeadTimes(APIView):
    @extend_schema(operation_id="list_lead_times", responses=LeadTimeShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        rows = lead_times(clock())
        return Response(
            [
                {
                    "team": row.team,
                    "count": row.count,
                    "median_seconds": row.median.total_seconds(),
                    "longest_seconds": row.longest.total_seconds(),
                }
                for row in rows
            ]
        )
