"""A window's checklists over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body
from windows.audit.clock import clock
from windows.reviews.checklists import Item
from windows.reviews.commands.ticks import tick, untick
from windows.reviews.queries.standing import checklists_of
from windows.scheduling.queries import window_id_of, window_view


class ChecklistItemShape(serializers.Serializer[Any]):
    title = serializers.CharField()
    key = serializers.CharField()
    state = serializers.ChoiceField(["done", "not", "unknown", "not_applicable"])
    said = serializers.CharField()
    ticked_by = serializers.CharField(allow_null=True, help_text="Who says so, where no machine knows")
    ticked_at = serializers.DateTimeField(allow_null=True)


class ChecklistShape(serializers.Serializer[Any]):
    title = serializers.CharField()
    items = ChecklistItemShape(many=True)


class NoteAsked(Shape):
    note = Text(max_length=4000, help_text="How it is known")


def shown(item: Item) -> dict[str, Any]:
    word = item.ticked
    told = {"ticked_by": word.by if word else None, "ticked_at": word.at if word else None}
    return {"title": item.title, "key": item.key, "state": item.state, "said": item.said, **told}


class Checklists(APIView):
    @extend_schema(operation_id="read_checklists", responses=ChecklistShape(many=True))
    def get(self, request: Request, reference: str) -> Response:
        """Before a window: each item done, not, unknown to a machine, or with nothing to be done."""
        actor = actor_of(request)
        lists = checklists_of(window_view(window_id_of(reference), actor), actor, clock())
        return Response([{"title": one.title, "items": [shown(item) for item in one.items]} for one in lists])


class TickItem(APIView):
    @extend_schema(operation_id="tick_checklist_item", request=NoteAsked, responses={204: None})
    def post(self, request: Request, reference: str, key: str) -> Response:
        tick(actor_of(request), reference, key, body(NoteAsked, request)["note"])
        return Response(status=204)

    @extend_schema(operation_id="untick_checklist_item", responses={204: None})
    def delete(self, request: Request, reference: str, key: str) -> Response:
        untick(actor_of(request), reference, key)
        return Response(status=204)
