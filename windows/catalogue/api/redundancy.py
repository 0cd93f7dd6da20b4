"""Redundancy groups and pairs of regions."""

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
from windows.catalogue.api.places import SLUG
from windows.catalogue.commands.redundancy import (
    define_redundancy_group,
    members_of,
    pair_regions,
    part_regions,
    withdraw_redundancy_group,
)
from windows.catalogue.models import RedundancyGroup, RegionPair


class GroupMemberShape(Shape):
    service = serializers.RegexField(SLUG)
    environment = serializers.RegexField(SLUG)
    region = serializers.RegexField(SLUG)


class GroupShape(Shape):
    """Deployments of which windows always leave `minimum` up."""

    slug = serializers.RegexField(SLUG)
    name = Text(max_length=120)
    minimum = serializers.IntegerField(min_value=1, max_value=10_000)
    members = GroupMemberShape(many=True, max_length=200)  # type: ignore[call-arg]


class PairShape(Shape):
    one = serializers.RegexField(SLUG)
    other = serializers.RegexField(SLUG)


def shaped(group: RedundancyGroup) -> dict[str, Any]:
    members = [dict(zip(("service", "environment", "region"), member, strict=True)) for member in members_of(group)]
    return {"slug": group.slug, "name": group.name, "minimum": group.minimum, "members": members}


class RedundancyGroups(APIView):
    @extend_schema(operation_id="list_redundancy_groups", responses=GroupShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response([shaped(group) for group in RedundancyGroup.objects.order_by("slug")])

    @extend_schema(operation_id="define_redundancy_group", request=GroupShape, responses={201: GroupShape})
    def post(self, request: Request) -> Response:
        asked = body(GroupShape, request)
        members = [(row["service"], row["environment"], row["region"]) for row in asked["members"]]
        group = define_redundancy_group(actor_of(request), asked["slug"], asked["name"], asked["minimum"], members)
        return Response(shaped(group), status=201)


class OneRedundancyGroup(APIView):
    @extend_schema(operation_id="withdraw_redundancy_group", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        withdraw_redundancy_group(actor_of(request), slug)
        return Response(status=204)


class RegionPairs(APIView):
    @extend_schema(operation_id="list_region_pairs", responses=PairShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        rows = RegionPair.objects.order_by("one__slug", "other__slug").values_list("one__slug", "other__slug")
        return Response([{"one": one, "other": other} for one, other in rows])

    @extend_schema(operation_id="pair_regions", request=PairShape, responses={201: PairShape})
    def post(self, request: Request) -> Response:
        asked = body(PairShape, request)
        row = pair_regions(actor_of(request), asked["one"], asked["other"])
        return Response({"one": row.one.slug, "other": row.other.slug}, status=201)


class OneRegionPair(APIView):
    @extend_schema(operation_id="part_regions", responses={204: None})
    def delete(self, request: Request, one: str, other: str) -> Response:
        part_regions(actor_of(request), one, other)
        return Response(status=204)
