"""Follow-ups over REST: note, list, end."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.shapes import Reason, Shape, Text, body, page_of
from windows.audit.clock import clock
from windows.reviews.commands.follow_ups import end_follow_up, note_follow_up
from windows.reviews.models import FollowUp
from windows.reviews.queries.follow_ups import FILTERS, follow_up, follow_ups
from windows.reviews.states import FollowUpKind, FollowUpStatus

KINDS = [(one.value, one.value) for one in FollowUpKind]


class FollowUpShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    window = serializers.CharField()
    team = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    cost_per_hour = serializers.CharField(allow_null=True, help_text="Of a leftover, decimal as text")
    text = serializers.CharField()
    owner = serializers.CharField()
    due_on = serializers.DateField()
    status = serializers.ChoiceField([(one.value, one.value) for one in FollowUpStatus])
    outcome = serializers.CharField(help_text="What was done, or why it was dropped.")
    ended_at = serializers.DateTimeField(allow_null=True)


class FollowUpNoted(Shape):
    window = Text(max_length=20)
    title = Text(max_length=200)
    text = Text(max_length=4000, allow_blank=True, required=False)
    kind = serializers.ChoiceField(KINDS, required=False)
    cost_per_hour = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, allow_null=True, required=False)
    owner_id = serializers.IntegerField(min_value=1, max_value=2**53)
    due_on = serializers.DateField()


class FollowUpDone(Shape):
    outcome = Text(max_length=4000, allow_blank=True, required=False)


def shown(row: FollowUp) -> dict[str, Any]:
    names = ("reference", "title", "kind", "cost_per_hour", "text", "due_on", "status", "outcome", "ended_at")
    told = {"window": f"MW-{row.window_id}", "team": row.window.team.slug, "owner": row.owner.name}
    return {"id": row.pk, **told, **{name: getattr(row, name) for name in names}}


class FollowUps(APIView):
    @extend_schema(
        operation_id="list_follow_ups", responses=page_of(FollowUpShape), parameters=[OpenApiParameter(name, str) for name in FILTERS]
    )
    def get(self, request: Request) -> Response:
        """The newest first. `state` is open, overdue, done or dropped."""
        limit, before = limit_of(request.query_params), cursor_of(request.query_params, int)
        asked = only(request.query_params, *FILTERS)
        found = follow_ups(actor_of(request), asked, clock().date(), before=before[0] if before else None, limit=limit + 1)
        return Response(page([shown(row) for row in found], limit, "id"))

    @extend_schema(operation_id="note_follow_up", request=FollowUpNoted, responses={201: FollowUpShape})
    def post(self, request: Request) -> Response:
        actor, asked = actor_of(request), body(FollowUpNoted, request)
        row = note_follow_up(actor, asked.pop("window"), **asked)
        return Response(shown(follow_up(actor, row.pk)), status=201, headers={"Location": f"/api/v1/follow-ups/{row.pk}"})


class OneFollowUp(APIView):
    @extend_schema(operation_id="read_follow_up", responses=FollowUpShape)
    def get(self, request: Request, follow_up_id: int) -> Response:
        return Response(shown(follow_up(actor_of(request), follow_up_id)))


class FinishFollowUp(APIView):
    @extend_schema(operation_id="finish_follow_up", request=FollowUpDone, responses=FollowUpShape)
    def post(self, request: Request, follow_up_id: int) -> Response:
        actor = actor_of(request)
        end_follow_up(actor, follow_up_id, FollowUpStatus.DONE, body(FollowUpDone, request).get("outcome", ""))
        return Response(shown(follow_up(actor, follow_up_id)))


class DropFollowUp(APIView):
    @extend_schema(operation_id="drop_follow_up", request=Reason, responses=FollowUpShape)
    def post(self, request: Request, follow_up_id: int) -> Response:
        actor = actor_of(request)
        end_follow_up(actor, follow_up_id, FollowUpStatus.DROPPED, body(Reason, request)["reason"])
        return Response(shown(follow_up(actor, follow_up_id)))
