"""Standard changes: the catalogue, making and retiring one, planning a window from one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.shapes import Reason, Shape, Text, body, page_of
from windows.access.versions import versioned
from windows.errors import Invalid
from windows.scheduling.api.shapes import EXPECTED, MODES, ScopeShape, WindowShape, shown
from windows.scheduling.commands.drafts import scope_row
from windows.scheduling.commands.templates import TemplateDraft, make_template, plan_from_template, retire_template
from windows.scheduling.pre_authorised import DAYS
from windows.scheduling.queries import window_view
from windows.scheduling.queries.templates import TemplateView, change_template, change_templates

FILTERED = [OpenApiParameter("team", str), OpenApiParameter("retired", str, enum=["yes", "no"])]
PAGED = [OpenApiParameter("cursor", str), OpenApiParameter("limit", int)]


class TemplateAsked(Shape):
    """A standard change: what may be done without asking, while error budget is enough."""

    name = Text(max_length=120)
    team = serializers.CharField(max_length=63)
    reason = Text(max_length=4000)
    scope = ScopeShape(many=True, max_length=200)  # type: ignore[call-arg]
    minutes = serializers.IntegerField(help_text="How long it takes at most")
    mode = serializers.ChoiceField(choices=MODES, default="degraded")
    runbook_version_id = serializers.IntegerField(allow_null=True, required=False)
    parameters = serializers.DictField(required=False)
    expected_impact = Text(max_length=4000, allow_blank=True, default="")
    expected_alerts = serializers.ListField(child=serializers.DictField(), max_length=20, default=list, help_text=EXPECTED)
    days = serializers.ListField(
        child=serializers.CharField(max_length=2), max_length=7, default=list, help_text=f"{', '.join(DAYS)}; none: any"
    )
    opens = serializers.CharField(
        max_length=5, allow_blank=True, default="", help_text="22:00, of its time zone; with `closes`, or neither"
    )
    closes = serializers.CharField(max_length=5, allow_blank=True, default="")
    timezone = serializers.CharField(max_length=60, default="UTC")


class TemplateShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    team = serializers.CharField()
    reason = serializers.CharField()
    scope = ScopeShape(many=True)
    minutes = serializers.IntegerField()
    mode = serializers.CharField()
    runbook = serializers.CharField(allow_null=True)
    runbook_version = serializers.IntegerField(allow_null=True)
    runbook_version_id = serializers.IntegerField(allow_null=True)
    superseded_by = serializers.IntegerField(
        allow_null=True, help_text="The newer version that its runbook has since; it is not what was authorised"
    )
    parameters = serializers.DictField()
    expected_impact = serializers.CharField()
    expected_alerts = serializers.ListField(child=serializers.DictField())
    days = serializers.ListField(child=serializers.CharField())
    opens = serializers.CharField(allow_null=True)
    closes = serializers.CharField(allow_null=True)
    timezone = serializers.CharField()
    made_by = serializers.CharField()
    made_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    is_example = serializers.BooleanField()


class PlanAsked(Shape):
    starts_at = serializers.CharField(max_length=60, help_text="RFC 3339")
    title = Text(max_length=200, default="", allow_blank=True, help_text="Else the template's name")
    timezone = serializers.CharField(max_length=60, default="", allow_blank=True, help_text="Else the template's")
    owner_id = serializers.IntegerField(required=False, help_text="Else oneself")
    coordinator_id = serializers.IntegerField(required=False, help_text="Else oneself")


def shaped(one: TemplateView) -> dict[str, Any]:
    row = asdict(one)
    hours = row.pop("hours")
    row["superseded_by"] = one.newest if one.superseded else None
    times = {name: hours[name].strftime("%H:%M") if hours[name] else None for name in ("opens", "closes")}
    del row["newest"], row["team_name"]
    return row | times | {"days": list(hours["days"]), "timezone": hours["timezone"]}


class ChangeTemplates(APIView):
    @extend_schema(operation_id="list_change_templates", parameters=[*FILTERED, *PAGED], responses=page_of(TemplateShape))
    def get(self, request: Request) -> Response:
        actor_of(request)
        sent, limit = only(request.query_params, "team", "retired"), limit_of(request.query_params)
        if sent.get("retired", "no") not in ("yes", "no"):
            raise Invalid("Say yes or no.", field="retired")
        after = cursor_of(request.query_params, str, int)
        rows = change_templates(
            team=sent.get("team", ""), retired=sent.get("retired") == "yes", limit=limit, after=(after[0], after[1]) if after else None
        )
        return Response(page([shaped(row) for row in rows], limit, "name", "id"))

    @extend_schema(operation_id="make_change_template", request=TemplateAsked, responses={201: TemplateShape})
    def post(self, request: Request) -> Response:
        asked = body(TemplateAsked, request)
        asked["scope"] = tuple(scope_row(row, f"scope.{n}") for n, row in enumerate(asked["scope"]))
        asked["days"] = tuple(asked["days"])
        made = make_template(actor_of(request), TemplateDraft(**asked))
        return Response(shaped(change_template(made.pk)), status=201)


class OneChangeTemplate(APIView):
    @extend_schema(operation_id="read_change_template", responses=TemplateShape)
    def get(self, request: Request, template_id: int) -> Response:
        actor_of(request)
        return Response(shaped(change_template(template_id)))


class Retire(APIView):
    @extend_schema(operation_id="retire_change_template", request=Reason, responses=TemplateShape)
    def post(self, request: Request, template_id: int) -> Response:
        retire_template(actor_of(request), template_id, body(Reason, request)["reason"])
        return Response(shaped(change_template(template_id)))


class Plan(APIView):
    @extend_schema(operation_id="plan_from_change_template", request=PlanAsked, responses={201: WindowShape})
    def post(self, request: Request, template_id: int) -> Response:
        actor = actor_of(request)
        window = plan_from_template(actor, template_id, **body(PlanAsked, request))
        answer = versioned(shown(window_view(window.pk, actor)), 201)
        answer["Location"] = f"/api/v1/windows/{window.reference}"
        return answer
