"""Runbooks and their versions; a text can be checked without being kept."""

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
from windows.runbooks.commands import upload_runbook
from windows.runbooks.models import RunbookVersion
from windows.runbooks.queries import runbooks, version, versions
from windows.runbooks.spec import RunbookSpec, parse

LONGEST = 256 * 1024


class RunbookShape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    team = serializers.CharField()
    versions = serializers.IntegerField()
    newest_at = serializers.DateTimeField(allow_null=True)
    is_example = serializers.BooleanField()


class VersionShape(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="What a window pins: runbook_version_id")
    runbook = serializers.CharField()
    number = serializers.IntegerField()
    digest = serializers.CharField(help_text="SHA-256 of the text")
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()


class WholeVersionShape(VersionShape):
    source = serializers.CharField()  # type: ignore[assignment]


class UploadAsked(Shape):
    text = serializers.CharField(max_length=LONGEST, trim_whitespace=False, help_text="YAML")
    team = serializers.CharField(max_length=63, required=False, allow_blank=True, help_text="Who owns it, where it is new")


class CheckAsked(Shape):
    text = serializers.CharField(max_length=LONGEST, trim_whitespace=False)


class CheckedShape(serializers.Serializer[Any]):
    runbook = serializers.CharField()
    title = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())
    validation = serializers.ListField(child=serializers.CharField())
    watch = serializers.ListField(child=serializers.CharField())
    parameters = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.DictField())


def shown(row: RunbookVersion) -> dict[str, Any]:
    same = {name: getattr(row, name) for name in ("id", "number", "digest", "created_at", "created_by")}
    return {**same, "runbook": row.runbook.slug}


def told(spec: RunbookSpec) -> dict[str, Any]:
    lists = {name: [one.name for one in getattr(spec, name)] for name in ("steps", "validation", "watch", "parameters")}
    return {"runbook": spec.slug, "title": spec.title, **lists, "warnings": [asdict(warning) for warning in spec.warnings]}


class Runbooks(APIView):
    @extend_schema(operation_id="list_runbooks", parameters=[OpenApiParameter("team", str)], responses=RunbookShape(many=True))
    def get(self, request: Request) -> Response:
        return Response([asdict(row) for row in runbooks(**only(request.query_params, "team"))])


class Check(APIView):
    @extend_schema(
        operation_id="check_runbook",
        request=CheckAsked,
        responses=CheckedShape,
        description="Judges a text and keeps nothing. What is wrong comes with line and column.",
    )
    def post(self, request: Request) -> Response:
        return Response(told(parse(body(CheckAsked, request)["text"])))


class Versions(APIView):
    @extend_schema(operation_id="list_runbook_versions", responses=VersionShape(many=True))
    def get(self, request: Request, slug: str) -> Response:
        only(request.query_params)
        return Response([shown(row) for row in versions(slug)])

    @extend_schema(operation_id="upload_runbook", request=UploadAsked, responses={201: VersionShape})
    def post(self, request: Request, slug: str) -> Response:
        asked = body(UploadAsked, request)
        made = upload_runbook(actor_of(request), slug, asked["text"], team=asked.get("team", ""))
        return Response(shown(version(slug, made.number)), status=201)


class OneVersion(APIView):
    @extend_schema(operation_id="read_runbook_version", responses=WholeVersionShape)
    def get(self, request: Request, slug: str, number: int) -> Response:
        row = version(slug, number)
        return Response({**shown(row), "source": row.source})
