"""Nodes: who must acknowledge, who has, and the token of a new one, shown once."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, body, names
from windows.errors import Invalid
from windows.flags.commands.nodes import register_node, retire_node
from windows.flags.models import Node
from windows.flags.queries import convergence, nodes


class NodeShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    service = serializers.CharField()
    environment = serializers.CharField()
    region = serializers.CharField()


class NewNodeShape(NodeShape):
    token = serializers.CharField(help_text="Shown this once")


class NodeAsked(Shape):
    service = serializers.CharField(max_length=63)
    environment = serializers.CharField(max_length=63)
    region = serializers.CharField(max_length=63)
    name = serializers.CharField(max_length=120)


class StandingShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    region = serializers.CharField()
    version = serializers.IntegerField(allow_null=True)
    mode = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    holds = serializers.BooleanField()
    agrees = serializers.BooleanField()
    needs = serializers.IntegerField()


class ConvergenceShape(serializers.Serializer[Any]):
    service = serializers.CharField()
    environment = serializers.CharField()
    region = serializers.CharField()
    version = serializers.IntegerField()
    share = serializers.FloatField()
    sentence = serializers.CharField()
    nodes = StandingShape(many=True)


def shown(node: Node) -> dict[str, Any]:
    return {name: getattr(node, name) for name in ("id", "name", "service", "environment", "region")}


class Nodes(APIView):
    @extend_schema(
        operation_id="list_nodes",
        parameters=[OpenApiParameter("service", str), OpenApiParameter("environment", str)],
        responses=NodeShape(many=True),
    )
    def get(self, request: Request) -> Response:
        return Response([shown(node) for node in nodes(**only(request.query_params, "service", "environment"))])

    @extend_schema(operation_id="register_node", request=NodeAsked, responses={201: NewNodeShape})
    def post(self, request: Request) -> Response:
        node, raw = register_node(actor_of(request), **body(NodeAsked, request))
        return Response({**shown(node), "token": raw}, status=201, headers={"Cache-Control": "no-store"})


class Retire(APIView):
    @extend_schema(operation_id="retire_node", request=None, responses=NodeShape)
    def post(self, request: Request, node_id: int) -> Response:
        return Response(shown(retire_node(actor_of(request), node_id)))


class ConvergenceView(APIView):
    @extend_schema(
        operation_id="read_convergence",
        parameters=[OpenApiParameter(name, str, required=name != "region") for name in ("service", "environment", "region")],
        responses=ConvergenceShape,
    )
    def get(self, request: Request) -> Response:
        wanted = only(request.query_params, "service", "environment", "region")
        for name in ("service", "environment"):
            if name not in wanted:
                raise Invalid("This is missing.", field=name)
        found = convergence(**wanted)
        rows = [{name: getattr(node, name) for name in names(StandingShape)} for node in found.nodes]
        facts = {name: getattr(found, name) for name in ("service", "environment", "region", "version", "share", "sentence")}
        return Response({**facts, "nodes": rows})
