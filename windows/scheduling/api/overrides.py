"""Going ahead in spite of a soft conflict, over REST."""

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
from windows.scheduling.commands.overriding import agree_to_override, ask_to_override, refuse_to_override
from windows.scheduling.queries import window_id_of
from windows.scheduling.queries.overrides import overrides_of


class OverrideAsked(Shape):
    reason = Text(max_length=4000)
    expires_at = serializers.DateTimeField(required=False, help_text="At most the end of the window, which it is where nothing is said")


class OverrideShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    key = serializers.CharField(help_text="Names the facts of the conflict")
    state = serializers.CharField(help_text="asked (the second person is missing), agreed, refused, lapsed (other facts now) or expired")
    what = serializers.CharField()
    who = serializers.CharField()
    why = serializers.CharField()
    reason = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    agreed_by = serializers.CharField()
    agreed_at = serializers.DateTimeField(allow_null=True)
    refused_by = serializers.CharField()
    refused_at = serializers.DateTimeField(allow_null=True)
    refusal = serializers.CharField()
    expires_at = serializers.DateTimeField()
    may_agree = serializers.BooleanField()


class Overrides(APIView):
    @extend_schema(operation_id="list_overrides", responses=OverrideShape(many=True))
    def get(self, request: Request, reference: str) -> Response:
        only(request.query_params)
        return Response([asdict(row) for row in overrides_of(window_id_of(reference), actor_of(request))])

    @extend_schema(operation_id="ask_to_override", request=OverrideAsked, responses={201: OverrideShape(many=True)})
    def post(self, request: Request, reference: str) -> Response:
        actor, asked, window_id = actor_of(request), body(OverrideAsked, request), window_id_of(reference)
        ask_to_override(actor, window_id, asked["reason"], expires_at=asked.get("expires_at"))
        return Response([asdict(row) for row in overrides_of(window_id, actor)], status=201)


class AgreeToOverride(APIView):
    @extend_schema(operation_id="agree_to_override", request=None, responses=OverrideShape(many=True))
    def post(self, request: Request, override_id: int) -> Response:
        actor = actor_of(request)
        row = agree_to_override(actor, override_id)
        return Response([asdict(one) for one in overrides_of(row.window_id, actor)])


class RefuseToOverride(APIView):
    @extend_schema(operation_id="refuse_to_override", request=Reason, responses=OverrideShape(many=True))
    def post(self, request: Request, override_id: int) -> Response:
        actor = actor_of(request)
        row = refuse_to_override(actor, override_id, body(Reason, request)["reason"])
        return Response([asdict(one) for one in overrides_of(row.window_id, actor)])
