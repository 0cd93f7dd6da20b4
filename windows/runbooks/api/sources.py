"""Places in Git that runbooks come from."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body, names
from windows.runbooks.commands.sources import add_source, ask_pull, remove_source
from windows.runbooks.models import RunbookSource
from windows.runbooks.queries import sources


class FileShape(serializers.Serializer[Any]):
    path = serializers.CharField()
    runbook = serializers.CharField(allow_null=True, help_text="Its slug; null while the file is none")
    digest = serializers.CharField(help_text="SHA-256 of its text at `commit`; empty: it is gone")
    trouble = serializers.CharField(help_text="Why it is no version here; empty: it is one")


class RunbookSourceShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    repository = serializers.CharField()
    branch = serializers.CharField()
    folder = serializers.CharField()
    team = serializers.CharField()
    commit = serializers.CharField(help_text="What the last good pull found")
    pulled_at = serializers.DateTimeField(allow_null=True)
    trouble = serializers.CharField(help_text="Why the last pull was none; empty: it was good")
    due_at = serializers.DateTimeField()
    files = FileShape(many=True)


class RunbookSourceAsked(Shape):
    repository = Text(max_length=500, help_text="An absolute path or an https address that RUNBOOK_REPOSITORIES names")
    team = serializers.SlugField(max_length=63)
    branch = Text(max_length=200, required=False, allow_blank=True)
    folder = Text(max_length=500, required=False, allow_blank=True)


def shown(row: RunbookSource) -> dict[str, Any]:
    files = [
        {"path": file.path, "runbook": file.runbook and file.runbook.slug, "digest": file.digest, "trouble": file.trouble}
        for file in sorted(row.files.all(), key=lambda file: file.path)
    ]
    return {name: getattr(row, name) for name in names(RunbookSourceShape) if name != "files"} | {"files": files}


class Sources(APIView):
    @extend_schema(operation_id="list_runbook_sources", responses=RunbookSourceShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response([shown(row) for row in sources()])

    @extend_schema(operation_id="add_runbook_source", request=RunbookSourceAsked, responses={201: RunbookSourceShape})
    def post(self, request: Request) -> Response:
        return Response(shown(add_source(actor_of(request), **body(RunbookSourceAsked, request))), status=201)


class OneSource(APIView):
    @extend_schema(operation_id="remove_runbook_source", responses={204: None})
    def delete(self, request: Request, repository_id: int) -> Response:
        remove_source(actor_of(request), repository_id)
        return Response(status=204)


class Pull(APIView):
    @extend_schema(
        operation_id="pull_runbook_source",
        request=None,
        responses=RunbookSourceShape,
        description="Due at once; `pulled_at` and `trouble` tell when it happened and how it went.",
    )
    def post(self, request: Request, repository_id: int) -> Response:
        return Response(shown(ask_pull(actor_of(request), repository_id)))
