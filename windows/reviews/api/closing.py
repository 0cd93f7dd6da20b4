"""Review tasks and broken glass over REST."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body, page_of
from windows.audit.clock import clock
from windows.reviews.commands.closing import sign_off
from windows.reviews.queries.broken_glass import broken_glass
from windows.reviews.queries.closing import review_tasks_of
from windows.scheduling.queries import window_id_of, window_view

EVER = datetime(2000, 1, 1, tzinfo=UTC)


class ReviewTaskShape(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    said = serializers.CharField()
    is_done = serializers.BooleanField()
    signed_by = serializers.CharField(allow_null=True)
    signed_at = serializers.DateTimeField(allow_null=True)
    finding = serializers.CharField(allow_null=True)


class FindingAsked(Shape):
    finding = Text(max_length=4000)


class BrokenGlassShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    window = serializers.CharField()
    title = serializers.CharField()
    team = serializers.CharField()
    person = serializers.CharField()
    runbook = serializers.CharField()
    version = serializers.IntegerField()
    reason = serializers.CharField()
    because = serializers.CharField(help_text="What was lacking then")
    at = serializers.DateTimeField()
    is_reviewed = serializers.BooleanField()
    times = serializers.IntegerField(help_text="How often this team broke the glass, ever")


class ReviewTasks(APIView):
    @extend_schema(operation_id="list_review_tasks", responses=ReviewTaskShape(many=True))
    def get(self, request: Request, reference: str) -> Response:
        """Without these the window is not closed."""
        only(request.query_params)
        view = window_view(window_id_of(reference), actor_of(request))
        return Response([
            {
                "key": one.key, "title": one.title, "said": one.said, "is_done": one.is_done,
                "signed_by": one.signed.by if one.signed else None, "signed_at": one.signed.at if one.signed else None,
                "finding": one.signed.finding if one.signed else None,
            }
            for one in review_tasks_of(view.id)
        ])  # fmt: skip


class SignTask(APIView):
    @extend_schema(operation_id="sign_review_task", request=FindingAsked, responses={204: None})
    def post(self, request: Request, reference: str, key: str) -> Response:
        sign_off(actor_of(request), reference, key, body(FindingAsked, request)["finding"])
        return Response(status=204)


class BrokenGlass(APIView):
    @extend_schema(
        operation_id="list_broken_glass", responses=page_of(BrokenGlassShape), parameters=[OpenApiParameter("team", str)],
        description="The newest first.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        team = only(request.query_params, "team").get("team", "")
        limit, before = limit_of(request.query_params), cursor_of(request.query_params, int)
        rows = broken_glass(actor_of(request), EVER, clock(), team=team, before=before[0] if before else None, limit=limit + 1)
        return Response(page([{k: v for k, v in asdict(row).items() if k != "team_name"} for row in rows], limit, "id"))
