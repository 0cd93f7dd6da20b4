"""Emergencies that began by right, and answering for them afterwards."""

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
from windows.access.shapes import Shape, Text, body
from windows.approvals.commands.emergencies import approve_emergency
from windows.approvals.emergencies import Owed
from windows.approvals.models import Decision
from windows.approvals.queries.emergencies import emergencies, emergency_tally
from windows.audit.clock import clock
from windows.scheduling.queries import window_id_of


class EmergencyShape(serializers.Serializer[Any]):
    window = serializers.CharField()
    title = serializers.CharField()
    begun_at = serializers.DateTimeField()
    begun_by = serializers.CharField()
    due_at = serializers.DateTimeField(help_text="Until when it must be approved")
    skipped = serializers.ListField(child=serializers.CharField(), help_text="The checks that did not pass when it began")
    state = serializers.ChoiceField(choices=[one.value for one in Owed])
    approver = serializers.CharField()
    reason = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    may_approve = serializers.BooleanField()


class TallyShape(serializers.Serializer[Any]):
    begun = serializers.IntegerField()
    in_time = serializers.IntegerField()
    late = serializers.IntegerField()
    rejected = serializers.IntegerField()
    open = serializers.IntegerField()
    overdue = serializers.IntegerField()


class EmergenciesShape(serializers.Serializer[Any]):
    items = EmergencyShape(many=True)
    last_90_days = TallyShape()


class Answered(Shape):
    decision = serializers.ChoiceField(choices=[one.value for one in Decision])
    reason = Text(max_length=4000)


class Emergencies(APIView):
    @extend_schema(operation_id="list_emergencies_to_approve", responses=EmergenciesShape)
    def get(self, request: Request) -> Response:
        only(request.query_params)
        now = clock()
        rows = [asdict(row) for row in emergencies(actor_of(request), now)]
        return Response({"items": rows, "last_90_days": asdict(emergency_tally(now))})


class ApproveAfterwards(APIView):
    @extend_schema(operation_id="approve_emergency", request=Answered, responses=EmergencyShape)
    def post(self, request: Request, reference: str) -> Response:
        actor, given = actor_of(request), body(Answered, request)
        window_id = window_id_of(reference)
        approve_emergency(actor, window_id, given["decision"], given["reason"])
        return Response(asdict(emergencies(actor, clock(), window_id=window_id)[0]))
