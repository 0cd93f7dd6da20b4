"""The public page's services over REST."""

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
from windows.announcements.commands.components import LAST, publish_service, unpublish_service
from windows.announcements.models import Component
from windows.announcements.queries import services_and_names


class ComponentShape(serializers.Serializer[Any]):
    service = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    position = serializers.IntegerField()


class ComponentAsked(Shape):
    name = Text(max_length=100)
    description = Text(max_length=300, allow_blank=True, required=False)
    position = serializers.IntegerField(min_value=0, max_value=LAST, required=False)


def shown(row: Component) -> dict[str, Any]:
    return {"service": row.service.slug, "name": row.name, "description": row.description, "position": row.position}


class Components(APIView):
    @extend_schema(operation_id="list_status_components", responses=ComponentShape(many=True))
    def get(self, request: Request) -> Response:
        """Every service that the public page names, in its order."""
        only(request.query_params)
        return Response([shown(one.component) for one in services_and_names() if hasattr(one, "component")])


class OneComponent(APIView):
    @extend_schema(operation_id="publish_status_component", request=ComponentAsked, responses={200: ComponentShape, 201: ComponentShape})
    def put(self, request: Request, service: str) -> Response:
        row, is_new = publish_service(actor_of(request), service, **body(ComponentAsked, request))
        return Response(shown(row), status=201 if is_new else 200)

    @extend_schema(operation_id="unpublish_status_component", responses={204: None})
    def delete(self, request: Request, service: str) -> Response:
        unpublish_service(actor_of(request), service)
        return Response(status=204)
