"""A window's checklists over REST."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.reviews.queries.standing import checklists_of
from windows.scheduling.queries import window_id_of, window_view


class ChecklistItemShape(serializers.Serializer[Any]):
    title = serializers.CharField()
    state = serializers.ChoiceField(["done", "not", "unknown"])
    said = serializers.CharField()


class ChecklistShape(serializers.Serializer[Any]):
    title = serializers.CharField()
    items = ChecklistItemShape(many=True)


class Checklists(APIView):
    @extend_schema(operation_id="read_checklists", responses=ChecklistShape(many=True))
    def get(self, request: Request, reference: str) -> Response:
        """Before a window: each item done, not, or unknown to a machine."""
        actor = actor_of(request)
        return Response([asdict(one) for one in checklists_of(window_view(window_id_of(reference), actor), actor, clock())])
