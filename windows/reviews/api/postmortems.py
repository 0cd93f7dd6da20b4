"""Postmortems over REST: draft, read, edit, publish, and the whole as Markdown."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.access.shapes import Shape, Text, body
from windows.access.versions import expected_version, versioned
from windows.reviews.commands.postmortems import LONGEST, draft_postmortem, edit_postmortem, publish_postmortem
from windows.reviews.models import Postmortem
from windows.reviews.queries.postmortems import existing
from windows.reviews.states import PostmortemStatus
from windows.scheduling.queries import window_id_of, window_view


class SourcedShape(serializers.Serializer[Any]):
    text = serializers.CharField()
    where = serializers.CharField(help_text="The part of the record it is taken from.")
    href = serializers.CharField(help_text="An address of this portal.")


class PostmortemSectionShape(serializers.Serializer[Any]):
    title = serializers.CharField()
    sentences = SourcedShape(many=True)


class ReviewAnswerShape(serializers.Serializer[Any]):
    question = serializers.CharField()
    answer = serializers.ChoiceField(["yes", "no", "unknown"])
    because = serializers.CharField()
    is_good = serializers.BooleanField(allow_null=True, help_text="Whether this answer is a good one; null where it is unknown.")


class PostmortemShape(serializers.Serializer[Any]):
    window = serializers.CharField()
    status = serializers.ChoiceField([(one.value, one.value) for one in PostmortemStatus])
    version = serializers.IntegerField()
    text = serializers.CharField(help_text="What people say, in Markdown.")
    draft = PostmortemSectionShape(many=True)
    answers = ReviewAnswerShape(many=True)
    drafted_by = serializers.CharField()
    drafted_at = serializers.DateTimeField()
    edited_by = serializers.CharField()
    published_by = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True)


class PostmortemText(Shape):
    text = Text(max_length=LONGEST, allow_blank=True)


def shown(made: Postmortem) -> dict[str, Any]:
    names = ("status", "version", "text", "draft", "answers", "drafted_by", "drafted_at", "edited_by", "published_by", "published_at")
    return {"window": f"MW-{made.window_id}", **{name: getattr(made, name) for name in names}}


def answered(reference: str, actor: Actor, status: int = 200) -> Response:
    return versioned(shown(existing(window_view(window_id_of(reference), actor))), status)


class OnePostmortem(APIView):
    @extend_schema(operation_id="read_postmortem", responses=PostmortemShape)
    def get(self, request: Request, reference: str) -> Response:
        return answered(reference, actor_of(request))

    @extend_schema(operation_id="draft_postmortem", request=None, responses={201: PostmortemShape})
    def post(self, request: Request, reference: str) -> Response:
        """What is on record becomes sentences with their sources. 409 while the window has not ended, and where it has one already."""
        actor = actor_of(request)
        draft_postmortem(actor, reference)
        return answered(reference, actor, 201)

    @extend_schema(operation_id="edit_postmortem", request=PostmortemText, responses=PostmortemShape)
    def patch(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        edit_postmortem(actor, reference, body(PostmortemText, request)["text"], expected_version(request))
        return answered(reference, actor)


class PublishPostmortem(APIView):
    @extend_schema(operation_id="publish_postmortem", request=None, responses=PostmortemShape)
    def post(self, request: Request, reference: str) -> Response:
        """Final, of the version that If-Match names: 412 where somebody changed it meanwhile."""
        actor = actor_of(request)
        publish_postmortem(actor, reference, expected_version(request))
        return answered(reference, actor)
