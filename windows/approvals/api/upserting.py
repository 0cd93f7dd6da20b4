"""A window by the key of the program that plans it, and what would become of one that is only asked about."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.access.shapes import Text, body
from windows.access.versions import expected_version, versioned
from windows.approvals.commands.upserting import Judged, judge_window, put_window
from windows.errors import NotFound
from windows.scheduling.api.shapes import WindowAsked, WindowShape, changes_from, shown
from windows.scheduling.models import Window
from windows.scheduling.queries import window_view


class WindowPut(WindowAsked):
    """A window as it should be. What is left out stays as it is; the key stands in the address."""

    external_ref = None  # type: ignore[assignment]
    request = serializers.BooleanField(default=False, help_text="Ask for approval, where it is a draft")
    because = Text(max_length=4000, allow_blank=True, default="", help_text="Answers soft conflicts")
    validate_only = serializers.BooleanField(default=False, help_text="Store nothing; the answer says what would become of it")


class WindowJudged(WindowAsked):
    because = Text(max_length=4000, allow_blank=True, default="", help_text="Answers soft conflicts")


class ConflictFound(serializers.Serializer[Any]):
    kind = serializers.CharField()
    severity = serializers.CharField(help_text="hard refuses, soft takes a reason and a second person, advisory is shown")
    what = serializers.CharField()
    who = serializers.CharField()
    why = serializers.CharField()
    resolve = serializers.CharField()


class JudgedShape(serializers.Serializer[Any]):
    """What would become of it; nothing was stored."""

    reference = serializers.CharField(help_text="Of the window that has the key; empty where it would be new")
    would = serializers.ChoiceField(choices=["create", "change", "nothing"])
    may_request = serializers.BooleanField(help_text="Whether approval could be asked for")
    field = serializers.CharField(help_text="What stands against it")
    refused = serializers.CharField()
    conflicts = ConflictFound(many=True)
    policy = serializers.CharField()
    requires = serializers.ListField(child=serializers.CharField(), help_text="Who must sign; empty: approved at once")
    lapses = serializers.ListField(child=serializers.DictField(), help_text="Changes that end what was signed: field, before, after")


def told(found: Judged) -> dict[str, Any]:
    names = ("kind", "severity", "what", "who", "why", "resolve")
    conflicts = [{name: str(one[name]) for name in names} for one in found.conflicts]
    return asdict(found) | {"conflicts": conflicts, "may_request": not found.refused}


class ByReference(APIView):
    @extend_schema(operation_id="read_window_by_external_ref", responses=WindowShape)
    def get(self, request: Request, external_ref: str) -> Response:
        only(request.query_params)
        return answer(actor_of(request), id_of(external_ref))

    @extend_schema(
        operation_id="put_window_by_external_ref",
        parameters=[
            OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=False, description="Refuse where it changed since")
        ],
        request=WindowPut,
        responses={
            200: PolymorphicProxySerializer("WindowOrJudged", [WindowShape, JudgedShape], resource_type_field_name=None),
            201: WindowShape,
        },
        description="The same again changes nothing. A change of substance makes approvals lapse, as in the browser.",
    )
    def put(self, request: Request, external_ref: str) -> Response:
        actor, asked = actor_of(request), body(WindowPut, request)
        ask, because, tries = asked.pop("request"), asked.pop("because"), asked.pop("validate_only")
        said = changes_from(asked)
        if tries:
            return Response(told(judge_window(actor, said, external_ref=external_ref, reason=because)))
        version = expected_version(request) if "If-Match" in request.headers else None
        done = put_window(actor, external_ref, said, version=version, ask=ask, reason=because)
        return answer(actor, done.window.pk, 201 if done.is_new else 200)


class Validate(APIView):
    @extend_schema(
        operation_id="validate_window",
        request=WindowJudged,
        responses=JudgedShape,
        description="Every check of filing and asking for approval, with the conflicts and who must sign. Nothing is stored.",
    )
    def post(self, request: Request) -> Response:
        asked = body(WindowJudged, request)
        because, key = asked.pop("because"), asked.pop("external_ref", None)
        return Response(told(judge_window(actor_of(request), changes_from(asked), external_ref=key or None, reason=because)))


def id_of(external_ref: str) -> int:
    found = Window.objects.filter(external_ref=external_ref).values_list("pk", flat=True).first() if "\0" not in external_ref else None
    if found is None:
        raise NotFound("No window has this external reference.")
    return found


def answer(actor: Actor, window_id: int, status: int = 200) -> Response:
    view = window_view(window_id, actor)
    response = versioned(shown(view), status)
    response["Location"] = f"/api/v1/windows/{view.reference}"
    return response
