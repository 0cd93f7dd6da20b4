"""More time for a window that runs, over REST."""

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
from windows.approvals.models import Decision, Extension
from windows.errors import NotFound
from windows.execution.commands.extending import ask_extension, decide_extension
from windows.execution.queries.extensions import extensions_of
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.times import parse


class ExtensionShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    ends_at = serializers.DateTimeField(help_text="The end that held when it was asked")
    until = serializers.DateTimeField()
    reason = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=["open", "approved", "rejected", "closed"])
    approver = serializers.CharField()
    answer = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    may_decide = serializers.BooleanField()


class ExtensionAsked(Shape):
    until = serializers.CharField(max_length=60, help_text="RFC 3339")
    reason = Text(max_length=4000)


class ExtensionDecided(Shape):
    decision = serializers.ChoiceField(choices=[one.value for one in Decision])
    reason = Text(max_length=4000, allow_blank=True, default="", help_text="A rejection needs it")


def listed(request: Request, window_id: int, status: int = 200) -> Response:
    actor = actor_of(request)
    return Response([asdict(row) for row in extensions_of(window_view(window_id, actor), actor)], status=status)


class Extensions(APIView):
    @extend_schema(operation_id="list_extensions", responses=ExtensionShape(many=True))
    def get(self, request: Request, reference: str) -> Response:
        only(request.query_params)
        return listed(request, window_id_of(reference))

    @extend_schema(operation_id="ask_extension", request=ExtensionAsked, responses={201: ExtensionShape(many=True)})
    def post(self, request: Request, reference: str) -> Response:
        actor, asked, window_id = actor_of(request), body(ExtensionAsked, request), window_id_of(reference)
        ask_extension(actor, window_id, parse(asked["until"], "until"), asked["reason"])
        return listed(request, window_id, 201)


class DecideExtension(APIView):
    @extend_schema(operation_id="decide_extension", request=ExtensionDecided, responses=ExtensionShape(many=True))
    def post(self, request: Request, reference: str, extension_id: int) -> Response:
        actor, asked, window_id = actor_of(request), body(ExtensionDecided, request), window_id_of(reference)
        if not Extension.objects.filter(pk=extension_id, window=window_id).exists():
            raise NotFound("There is no such extension here.")
        decide_extension(actor, extension_id, asked["decision"], asked["reason"])
        return listed(request, window_id)
