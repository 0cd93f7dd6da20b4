"""An occurrence and all that follow, over REST: change, ask for approval, sign. Each window is decided about by itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.shapes import Reason, Text, body
from windows.access.versions import expected_version
from windows.approvals.api.requests import MaybeReason
from windows.approvals.commands.series import amend_following, decide_following, request_following
from windows.approvals.models import Decision
from windows.scheduling.api.shapes import WindowAsked, changes_from
from windows.scheduling.queries import window_id_of


class FollowingAsked(WindowAsked):
    """What changes; a new `starts_at` moves all of them by wall-clock time."""

    rrule = serializers.CharField(max_length=500, required=False, help_text="The rule from this occurrence on")
    because = Text(max_length=4000, allow_blank=True, default="", help_text="Answers soft conflicts")


class OutcomeShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    status = serializers.CharField()
    refused = serializers.CharField(help_text="Why nothing was done with it; empty where it was")


class FollowingShape(serializers.Serializer[Any]):
    series_id = serializers.IntegerField()
    outcomes = OutcomeShape(many=True)
    strayed = serializers.ListField(child=serializers.CharField(), help_text="Changed alone before, or under way: left as they are")
    left = serializers.CharField(allow_null=True, help_text="The first that was not come to; call again from there")


class EditFollowing(APIView):
    @extend_schema(
        operation_id="edit_following",
        parameters=[OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True)],
        request=FollowingAsked,
        responses=FollowingShape,
    )
    def patch(self, request: Request, reference: str) -> Response:
        actor, version = actor_of(request), expected_version(request)
        changes = changes_from(body(FollowingAsked, request, partial=True))
        rrule, reason = changes.pop("rrule", None), changes.pop("because", "")
        return Response(asdict(amend_following(actor, window_id_of(reference), changes, version, rrule=rrule, reason=reason)))


class RequestFollowing(APIView):
    @extend_schema(operation_id="request_following", request=MaybeReason, responses=FollowingShape)
    def post(self, request: Request, reference: str) -> Response:
        reason = body(MaybeReason, request)["reason"]
        return Response(asdict(request_following(actor_of(request), window_id_of(reference), reason=reason)))


class ApproveFollowing(APIView):
    @extend_schema(operation_id="approve_following", request=MaybeReason, responses=FollowingShape)
    def post(self, request: Request, reference: str) -> Response:
        reason = body(MaybeReason, request)["reason"]
        return Response(asdict(decide_following(actor_of(request), window_id_of(reference), Decision.APPROVED, reason)))


class RejectFollowing(APIView):
    @extend_schema(operation_id="reject_following", request=Reason, responses=FollowingShape)
    def post(self, request: Request, reference: str) -> Response:
        reason = body(Reason, request)["reason"]
        return Response(asdict(decide_following(actor_of(request), window_id_of(reference), Decision.REJECTED, reason)))
