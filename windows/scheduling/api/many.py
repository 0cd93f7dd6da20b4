"""Many windows from CSV, and one like another."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.shapes import Shape, body
from windows.access.versions import versioned
from windows.scheduling.api.shapes import WindowShape, shown
from windows.scheduling.commands.many import copy_window, file_rows
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.rows_in import LARGEST
from windows.scheduling.times import parse


class TableAsked(Shape):
    text = serializers.CharField(max_length=LARGEST, trim_whitespace=False, help_text="CSV; its first line names the columns")
    validate_only = serializers.BooleanField(default=False)


class FiledShape(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    reference = serializers.CharField(help_text="The new window; empty where the row was refused or only checked")
    field = serializers.CharField()
    wrong = serializers.CharField()


class CopyAsked(Shape):
    starts_at = serializers.CharField(max_length=60, required=False, help_text="RFC 3339; else whole weeks later")


class Table(APIView):
    @extend_schema(
        operation_id="file_windows",
        request=TableAsked,
        responses=FiledShape(many=True),
        description="A draft for every good row, each whole or not at all; what is wrong is told with its line and column.",
    )
    def post(self, request: Request) -> Response:
        asked = body(TableAsked, request)
        return Response([asdict(row) for row in file_rows(actor_of(request), asked["text"], validate_only=asked["validate_only"])])


class Copy(APIView):
    @extend_schema(operation_id="copy_window", request=CopyAsked, responses={201: WindowShape})
    def post(self, request: Request, reference: str) -> Response:
        actor, asked = actor_of(request), body(CopyAsked, request)
        starts_at = parse(asked["starts_at"], "starts_at") if "starts_at" in asked else None
        window = copy_window(actor, window_id_of(reference), starts_at)
        answer = versioned(shown(window_view(window.pk, actor)), 201)
        answer["Location"] = f"/api/v1/windows/{window.reference}"
        return answer
