"""Environments and regions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body
from windows.catalogue.commands.places import define_environment, define_region
from windows.catalogue.models import Environment, Region

SLUG = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z"


class EnvironmentShape(Shape):
    slug = serializers.RegexField(SLUG)
    name = Text(max_length=120)
    is_production = serializers.BooleanField(default=False)


class RegionShape(Shape):
    slug = serializers.RegexField(SLUG)
    name = Text(max_length=120)


class Environments(APIView):
    @extend_schema(operation_id="list_environments", responses=EnvironmentShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response(list(Environment.objects.order_by("slug").values("slug", "name", "is_production")))

    @extend_schema(operation_id="define_environment", request=EnvironmentShape, responses={201: EnvironmentShape})
    def post(self, request: Request) -> Response:
        asked = body(EnvironmentShape, request)
        row = define_environment(actor_of(request), asked["slug"], asked["name"], production=asked["is_production"])
        answer: dict[str, Any] = {"slug": row.slug, "name": row.name, "is_production": row.is_production}
        return Response(answer, status=201)


class Regions(APIView):
    @extend_schema(operation_id="list_regions", responses=RegionShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response(list(Region.objects.order_by("slug").values("slug", "name")))

    @extend_schema(operation_id="define_region", request=RegionShape, responses={201: RegionShape})
    def post(self, request: Request) -> Response:
        asked = body(RegionShape, request)
        row = define_region(actor_of(request), asked["slug"], asked["name"])
        return Response({"slug": row.slug, "name": row.name}, status=201)
