"""The audit trail over REST, for these eyes: what happened to a confidential window is not told to those who may not know of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, cursor_to, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.roles import Subject, Verb, require
from windows.access.shapes import page_of
from windows.audit.queries import sealed, trail
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.queries.trail import for_eyes


class EntryShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    position = serializers.IntegerField(allow_null=True, help_text="Its place in the hash chain; null for seconds after the act")
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    actor = serializers.CharField()
    actor_id = serializers.IntegerField(allow_null=True)
    via = serializers.CharField()
    subject = serializers.CharField()
    window = serializers.CharField()
    run_id = serializers.IntegerField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]
    request_id = serializers.CharField()


class Trail(APIView):
    @extend_schema(
        operation_id="read_audit_trail",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=page_of(EntryShape),
        description="Sealed entries in the order of the chain. Keep next_cursor and ask again with it: no entry is missed.",
    )
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, Verb.READ_AUDIT, Subject(team=next((team for team, _ in sorted(actor.roles)), None), called="the audit trail"))
        only(request.query_params)
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, int)
        entries = sealed(after=after[0] if after else 0, limit=limit)
        onward = cursor_to([entries[-1].position]) if entries else request.query_params.get("cursor") or None
        return Response({"items": [asdict(entry) for entry in for_eyes(entries, actor)], "next_cursor": onward})


class WindowTrail(APIView):
    @extend_schema(operation_id="read_window_trail", responses=page_of(EntryShape))
    def get(self, request: Request, reference: str) -> Response:
        view = window_view(window_id_of(reference), actor_of(request))
        only(request.query_params)
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, int)
        entries = trail(window=view.reference, after=after[0] if after else None, limit=limit + 1)
        return Response(page([asdict(entry) for entry in entries], limit, "id"))
