"""Flags: what is set, its history, setting one by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body, names, page_of
from windows.flags.commands.setting import set_flag
from windows.flags.models import Flag, FlagVersion, OnExpiry
from windows.flags.queries import history
from windows.flags.routing import FlagKey
from windows.lifecycle.states import Mode

MODES = [(mode.value, mode.value) for mode in Mode]
KEY = ("target", "environment", "region", "layer", "component")


class FlagShape(serializers.Serializer[Any]):
    target = serializers.CharField()
    environment = serializers.CharField()
    region = serializers.CharField()
    layer = serializers.CharField()
    component = serializers.CharField()
    mode = serializers.ChoiceField(MODES)
    payload = serializers.DictField()
    version = serializers.IntegerField(help_text="The flag's own: for compare-and-set")
    global_version = serializers.IntegerField()
    window = serializers.CharField()
    set_by = serializers.CharField()
    set_at = serializers.DateTimeField()
    lease_until = serializers.DateTimeField(allow_null=True)


class FlagChangeShape(serializers.Serializer[Any]):
    global_version = serializers.IntegerField()
    version = serializers.IntegerField()
    flag = serializers.CharField()
    mode = serializers.ChoiceField(MODES)
    payload = serializers.DictField()
    window = serializers.CharField()
    actor = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class FlagAsked(Shape):
    """A flag set by hand. `expected` is the version it was seen at (0: never set); another one in force is a conflict."""

    target = serializers.CharField(max_length=63)
    environment = serializers.CharField(max_length=63)
    region = serializers.CharField(max_length=63, default="*")
    layer = serializers.CharField(max_length=3, default="*")
    component = serializers.CharField(max_length=63, default="*")
    mode = serializers.ChoiceField(MODES)
    payload = serializers.DictField(required=False)
    expected = serializers.IntegerField(min_value=0, max_value=2**62)
    lease_seconds = serializers.IntegerField(min_value=1, max_value=86400 * 30, required=False)
    on_expiry = serializers.ChoiceField([(end.value, end.value) for end in OnExpiry], required=False)
    reason = Text(max_length=500)


def change(row: FlagVersion) -> dict[str, Any]:
    names = ("global_version", "version", "mode", "payload", "window", "actor", "reason", "at")
    return nameless({**{name: getattr(row, name) for name in names}, "flag": str(row.flag), "confidential": row.confidential})


def nameless(row: dict[str, Any]) -> dict[str, Any]:
    """A confidential window's flag is there for all to see; whose it is, is not."""
    return row | {"window": ""} if row.pop("confidential") else row


class Flags(APIView):
    @extend_schema(
        operation_id="list_flags",
        parameters=[OpenApiParameter("service", str), OpenApiParameter("environment", str), OpenApiParameter("mode", str)],
        responses=page_of(FlagShape),
    )
    def get(self, request: Request) -> Response:
        columns = {"service": "target", "environment": "environment", "mode": "mode"}
        wanted = {columns[name]: value for name, value in only(request.query_params, *columns).items()}
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, int)
        rows = Flag.objects.filter(global_version__gt=0, **wanted).order_by("-global_version")
        if after:
            rows = rows.filter(global_version__lt=after[0])
        found = [nameless(row) for row in rows.values(*names(FlagShape), "confidential")[: limit + 1]]
        return Response(page(found, limit, "global_version"))

    @extend_schema(operation_id="set_flag", request=FlagAsked, responses={201: FlagChangeShape})
    def post(self, request: Request) -> Response:
        asked = body(FlagAsked, request)
        seconds, ending = asked.get("lease_seconds"), asked.get("on_expiry")
        done = set_flag(
            actor_of(request),
            FlagKey(*(asked[name] for name in KEY)),
            asked["mode"],
            asked.get("payload"),
            expected=asked["expected"],
            lease=timedelta(seconds=seconds) if seconds else None,
            reason=asked["reason"],
            on_expiry=OnExpiry(ending) if ending else None,
        )
        return Response(change(done), status=201)


class History(APIView):
    @extend_schema(operation_id="list_flag_changes", parameters=[OpenApiParameter("window", str)], responses=page_of(FlagChangeShape))
    def get(self, request: Request) -> Response:
        wanted = only(request.query_params, "window")
        limit, before = limit_of(request.query_params), cursor_of(request.query_params, int)
        rows = history(window=wanted.get("window", ""), before=before[0] if before else None, limit=limit + 1)
        return Response(page([change(row) for row in rows], limit, "global_version"))
