"""Playbooks and their versions over REST."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, body
from windows.playbooks.commands.versions import keep_playbook
from windows.playbooks.models import PlaybookVersion
from windows.playbooks.queries import guides_for, playbooks, version, versions
from windows.playbooks.text import LONGEST


class TriggerShape(serializers.Serializer[Any]):
    alert = serializers.CharField(help_text="Its name; empty for a situation in words")
    service = serializers.CharField(help_text="Empty: of any service")
    when = serializers.CharField()


class PlaybookShape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    team = serializers.CharField()
    versions = serializers.IntegerField()
    newest_at = serializers.DateTimeField(allow_null=True)
    is_example = serializers.BooleanField()
    triggers = TriggerShape(many=True)


class PlaybookVersionShape(serializers.Serializer[Any]):
    playbook = serializers.CharField()
    number = serializers.IntegerField()
    digest = serializers.CharField(help_text="SHA-256 of the text")
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()


class WholePlaybookVersionShape(PlaybookVersionShape):
    source = serializers.CharField()  # type: ignore[assignment]


class GuideShape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()


class PlaybookAsked(Shape):
    text = serializers.CharField(max_length=LONGEST, trim_whitespace=False, help_text="YAML between two lines of ---, then Markdown")
    team = serializers.CharField(max_length=63, required=False, allow_blank=True, help_text="Who owns it, where it is new")


def shown(row: PlaybookVersion) -> dict[str, Any]:
    return {"playbook": row.playbook.slug, **{name: getattr(row, name) for name in ("number", "digest", "created_at", "created_by")}}


class Playbooks(APIView):
    @extend_schema(operation_id="list_playbooks", parameters=[OpenApiParameter("team", str)], responses=PlaybookShape(many=True))
    def get(self, request: Request) -> Response:
        return Response([asdict(row) for row in playbooks(**only(request.query_params, "team"))])


class Guides(APIView):
    @extend_schema(
        operation_id="list_playbooks_for_alert",
        parameters=[OpenApiParameter("alert", str), OpenApiParameter("service", str)],
        responses=GuideShape(many=True),
        description="The playbooks that this alert of this service opens.",
    )
    def get(self, request: Request) -> Response:
        asked = only(request.query_params, "alert", "service")
        pair = (asked.get("alert", ""), asked.get("service", ""))
        return Response([asdict(one) for one in guides_for([pair]).get(pair, [])])


class PlaybookVersions(APIView):
    @extend_schema(operation_id="list_playbook_versions", responses=PlaybookVersionShape(many=True))
    def get(self, request: Request, slug: str) -> Response:
        only(request.query_params)
        return Response([shown(row) for row in versions(slug)])

    @extend_schema(operation_id="upload_playbook", request=PlaybookAsked, responses={201: PlaybookVersionShape})
    def post(self, request: Request, slug: str) -> Response:
        asked = body(PlaybookAsked, request)
        made = keep_playbook(actor_of(request), slug, asked["text"], team=asked.get("team", ""))
        return Response(shown(version(slug, made.number)), status=201)


class OnePlaybookVersion(APIView):
    @extend_schema(operation_id="read_playbook_version", responses=WholePlaybookVersionShape)
    def get(self, request: Request, slug: str, number: int) -> Response:
        row = version(slug, number)
        return Response({**shown(row), "source": row.source})
