"""A window's surfaces on the wire: what is wanted outside, what was seen, and a deviation a person accepts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.shapes import Reason, body, names
from windows.execution.commands.surfaces import accept
from windows.execution.queries.surfaces import SurfaceView, surface_of, surfaces_of
from windows.execution.states import SurfaceStatus
from windows.scheduling.queries import window_id_of, window_view


class SurfaceShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField([(s.value, s.value) for s in SurfaceStatus])
    desired = serializers.DictField()
    observed = serializers.DictField()
    note = serializers.CharField()
    observed_at = serializers.DateTimeField(allow_null=True)
    drift = serializers.DictField(help_text="What was observed when it last deviated")
    drifted_at = serializers.DateTimeField(allow_null=True)
    accepted_by = serializers.CharField()
    accepted_reason = serializers.CharField()
    on_drift = serializers.CharField(help_text="mend or show")


class SurfacesShape(serializers.Serializer[Any]):
    items = SurfaceShape(many=True)


def shown(view: SurfaceView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in names(SurfaceShape)}


class Surfaces(APIView):
    @extend_schema(operation_id="list_surfaces", responses=SurfacesShape, description="The adrift first, the ended last; 200 at most.")
    def get(self, request: Request, reference: str) -> Response:
        view = window_view(window_id_of(reference), actor_of(request))
        return Response({"items": [shown(each) for each in surfaces_of(view.id)]})


class AcceptDeviation(APIView):
    @extend_schema(operation_id="accept_deviation", request=Reason, responses=SurfaceShape)
    def post(self, request: Request, reference: str, surface_id: int) -> Response:
        actor = actor_of(request)
        view = window_view(window_id_of(reference), actor)
        surface_of(view.id, surface_id)
        accept(actor, surface_id, body(Reason, request)["reason"])
        return Response(shown(surface_of(view.id, surface_id)))
