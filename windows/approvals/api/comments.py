"""What is said about a window, by the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body
from windows.approvals.commands.comments import comment
from windows.approvals.models import Kind
from windows.approvals.queries.comments import comments_of
from windows.scheduling.queries import window_id_of, window_view


class CommentShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    author = serializers.CharField()
    at = serializers.DateTimeField()
    text = serializers.CharField()
    answers = serializers.IntegerField(allow_null=True)
    is_open = serializers.BooleanField()


class Said(Shape):
    """`answers` is the id of a question, where the kind is answer. @name reaches people."""

    text = Text(max_length=4000)
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind], default=Kind.COMMENT.value)
    answers = serializers.IntegerField(min_value=1, max_value=2**53, required=False)


class Comments(APIView):
    @extend_schema(operation_id="list_comments", responses=CommentShape(many=True))
    def get(self, request: Request, reference: str) -> Response:
        only(request.query_params)
        view = window_view(window_id_of(reference), actor_of(request))
        return Response([asdict(row) for row in comments_of(view.id)])

    @extend_schema(operation_id="comment_on_window", request=Said, responses={201: CommentShape(many=True)})
    def post(self, request: Request, reference: str) -> Response:
        actor, given = actor_of(request), body(Said, request)
        window_id = window_id_of(reference)
        comment(actor, window_id, given["text"], given["kind"], given.get("answers"))
        return Response([asdict(row) for row in comments_of(window_id)], status=201)
