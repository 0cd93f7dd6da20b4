"""A window's communication over REST, by the same judgement as its page: who will be told what and when, and what went out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.communication import Told, communication
from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.approvals.queries import approval_view
from windows.audit.clock import clock
from windows.delivery.api import STATUSES, URGENCIES
from windows.scheduling.queries import window_id_of, window_view

FIELDS = ("title", "urgency", "channel", "created_at", "status", "attempts", "wake_at", "delivered_at")


class ComingShape(serializers.Serializer[Any]):
    at = serializers.DateTimeField(allow_null=True, help_text="null: as soon as it happens")
    what = serializers.CharField()
    whom = serializers.CharField(help_text="People, and teams whose channels hear it; those who must sign by their roles")


class SaidTallyShape(serializers.Serializer[Any]):
    all = serializers.IntegerField()
    queued = serializers.IntegerField()
    delivered = serializers.IntegerField()
    dead = serializers.IntegerField()


class BesideShape(serializers.Serializer[Any]):
    what = serializers.CharField()
    other = serializers.CharField(help_text="The window of its series in whose message this one was told")
    at = serializers.DateTimeField()


class SaidShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    to = serializers.CharField(help_text="An address, or a channel; of a channel of another team only whose it is")
    urgency = serializers.ChoiceField(URGENCIES)
    channel = serializers.CharField(help_text="email, or a kind of channel")
    created_at = serializers.DateTimeField()
    status = serializers.ChoiceField(STATUSES, help_text="dead: its tries are used up")
    attempts = serializers.IntegerField()
    last_error = serializers.CharField(help_text="Empty for a channel of another team: it may name its address")
    wake_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried next, while it is queued")
    delivered_at = serializers.DateTimeField(allow_null=True)


class CommunicationShape(serializers.Serializer[Any]):
    coming = ComingShape(many=True, help_text="What will be said if nothing changes")
    unannounced = serializers.ListField(
        child=serializers.CharField(), help_text="Services that the public knows and was not told about: no run begins before"
    )
    tally = SaidTallyShape()
    beside = BesideShape(many=True)
    items = SaidShape(many=True, help_text="What was said, the newest first")
    next_cursor = serializers.CharField(allow_null=True)


def shown(told: Told) -> dict[str, Any]:
    return {"id": told.message.pk, "to": told.whom, "last_error": told.error, **{name: getattr(told.message, name) for name in FIELDS}}


class WindowCommunication(APIView):
    @extend_schema(
        operation_id="read_window_communication",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=CommunicationShape,
        description="What the public reads is its announcement.",
    )
    def get(self, request: Request, reference: str) -> Response:
        actor, params = actor_of(request), request.query_params
        view = window_view(window_id_of(reference), actor)
        only(params)
        limit, after = limit_of(params), cursor_of(params, int)
        approvals = approval_view(view.id, actor)
        found = communication(view, actor, approvals, clock(), before=after[0] if after else None, limit=limit + 1)
        return Response({
            "coming": [asdict(one) for one in found.coming], "unannounced": found.unannounced, "tally": found.tally,
            "beside": [asdict(one) for one in found.beside], **page([shown(one) for one in found.said], limit, "id"),
        })  # fmt: skip
