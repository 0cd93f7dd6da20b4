"""Rehearsals over the API: begin one, read its report, break the glass."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.shapes import Reason, Shape, Text, body
from windows.execution.api.shapes import REHEARSAL, RunShape, shown
from windows.execution.commands.rehearsals import STAGING, break_glass, rehearse
from windows.execution.queries.rehearsals import report
from windows.execution.queries.views import run_view
from windows.execution.rehearsing import FaultKind, Rehearsal
from windows.scheduling.queries import window_id_of, window_view


class FaultAsked(Shape):
    fault = serializers.ChoiceField([(one.value, one.value) for one in FaultKind])
    step = serializers.IntegerField(min_value=0, max_value=10_000, default=0, help_text="Of step_fails: its position")
    seconds = serializers.FloatField(min_value=0, max_value=60, default=0.0, help_text="Of latency")


class RehearsalAsked(Shape):
    mode = serializers.ChoiceField(REHEARSAL, default=Rehearsal.GAME_DAY.value)
    environment = Text(max_length=63, default=STAGING, help_text="Where a game day acts: not where the window does")
    parameters = serializers.DictField(default=dict, help_text="Go over the window's own")
    faults = FaultAsked(many=True, allow_null=True, default=None, help_text="Without any a game day's last step fails")


class FaultShape(serializers.Serializer[Any]):
    fault = serializers.CharField()
    told = serializers.CharField()
    bit = serializers.BooleanField(help_text="Whether it has happened")


class ReportShape(serializers.Serializer[Any]):
    run = serializers.IntegerField()
    reference = serializers.CharField()
    window = serializers.CharField()
    mode = serializers.CharField(help_text="Empty: no rehearsal")
    environment = serializers.CharField()
    status = serializers.CharField()
    faults = FaultShape(many=True)
    guards = serializers.ListField(child=serializers.DictField(), help_text="What was met, the oldest first")
    took_part = serializers.ListField(child=serializers.CharField())
    is_good = serializers.BooleanField(allow_null=True, help_text="Null: not over, or no rehearsal")
    counts = serializers.BooleanField(help_text="Whether it counts as a rehearsal of the rollback")
    reason = serializers.CharField()


class Rehearse(APIView):
    @extend_schema(operation_id="rehearse_window", request=RehearsalAsked, responses={201: RunShape})
    def post(self, request: Request, reference: str) -> Response:
        actor, asked = actor_of(request), body(RehearsalAsked, request)
        window = window_view(window_id_of(reference), actor)
        run = rehearse(
            actor, window.id, asked["mode"], environment=asked["environment"], parameters=asked["parameters"], faults=asked["faults"]
        )
        return Response(shown(run_view(run.pk, actor)), status=201, headers={"Location": f"/api/v1/runs/{run.pk}"})


class Glass(APIView):
    @extend_schema(operation_id="break_glass", request=Reason, responses={204: None})
    def post(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        break_glass(actor, window_view(window_id_of(reference), actor).id, body(Reason, request)["reason"])
        return Response(status=204)


class OneReport(APIView):
    @extend_schema(operation_id="read_run_report", responses=ReportShape)
    def get(self, request: Request, run_id: int) -> Response:
        found = report(run_id, actor_of(request))
        judged = found.judgement
        return Response({
            "run": run_id, "reference": found.reference, "window": found.run.window, "mode": found.run.rehearsal,
            "environment": found.environment, "status": found.run.status,
            "faults": [{"fault": fault.kind.value, "told": fault.told, "bit": bit} for fault, bit in found.faults],
            "guards": [{"kind": one.kind, "at": one.at, "data": one.data} for one in found.guards],
            "took_part": found.took_part, "is_good": judged.is_good if judged else None,
            "counts": bool(judged and judged.counts), "reason": judged.reason if judged else "",
        })  # fmt: skip
