"""“Please move yours”, over REST."""

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
from windows.access.shapes import Reason, Shape, Text, body
from windows.scheduling.commands.moving import ask_to_move, decline_move
from windows.scheduling.queries import window_id_of
from windows.scheduling.queries.moves import move_requests


class MoveAsked(Shape):
    asking = serializers.CharField(max_length=30, help_text="The window in whose name you ask, such as MW-1042")
    message = Text(max_length=4000)


class MoveShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    window = serializers.CharField(help_text="Which was asked")
    title = serializers.CharField()
    asking = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    message = serializers.CharField()
    status = serializers.CharField(help_text="open, agreed (it moved) or declined")
    answered_by = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField()
    asking_ends_at = serializers.DateTimeField()


class MoveRequests(APIView):
    @extend_schema(operation_id="list_move_requests", responses=MoveShape(many=True))
    def get(self, request: Request, reference: str) -> Response:
        only(request.query_params)
        return Response([asdict(row) for row in move_requests(window_id_of(reference), actor_of(request))])

    @extend_schema(operation_id="ask_to_move", request=MoveAsked, responses={201: MoveShape(many=True)})
    def post(self, request: Request, reference: str) -> Response:
        actor, asked, window_id = actor_of(request), body(MoveAsked, request), window_id_of(reference)
        ask_to_move(actor, window_id_of(asked["asking"]), window_id, asked["message"])
        return Response([asdict(row) for row in move_requests(window_id, actor)], status=201)


class DeclineMove(APIView):
    @extend_schema(operation_id="decline_move", request=Reason, responses=MoveShape(many=True))
    def post(self, request: Request, request_id: int) -> Response:
        actor = actor_of(request)
        row = decline_move(actor, request_id, body(Reason, request)["reason"])
        return Response([asdict(one) for one in move_requests(row.window_id, actor)])
