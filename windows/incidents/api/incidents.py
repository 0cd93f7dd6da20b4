"""Incidents over REST: report, list, end, link and unlink."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.access.shapes import Shape, Text, body, page_of
from windows.incidents.commands.by_hand import link_incident, unlink_incident
from windows.incidents.commands.reporting import Report, end_incident, report_incident
from windows.incidents.models import Incident
from windows.incidents.queries import incident_view, incidents, views_of
from windows.incidents.states import LinkedBy, Severity, Via

SEVERITIES = [(one.value, one.value) for one in Severity]
LINKED = [(one.value, one.value) for one in LinkedBy]
FILTERS = ("service", "severity", "state", "window")


class LinkShape(serializers.Serializer[Any]):
    window = serializers.CharField()
    by = serializers.ChoiceField(LINKED)
    reason = serializers.CharField()
    made_by = serializers.CharField()


class IncidentShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    service = serializers.CharField()
    environment = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    resolution = serializers.CharField()
    affected_users = serializers.IntegerField(allow_null=True)
    external_ref = serializers.CharField(allow_null=True)
    reported_by = serializers.CharField()
    is_example = serializers.BooleanField()
    links = LinkShape(many=True)


class IncidentReported(Shape):
    title = Text(max_length=200)
    severity = serializers.ChoiceField(SEVERITIES, required=False)
    text = Text(max_length=4000, allow_blank=True, required=False)
    service = Text(max_length=63, allow_blank=True, required=False)
    environment = Text(max_length=63, allow_blank=True, required=False)
    window = Text(max_length=20, allow_blank=True, required=False, help_text="A window its reporter names: MW-1042")
    started_at = serializers.CharField(max_length=60, required=False, help_text="RFC 3339; now where it is left out")
    ended_at = serializers.CharField(max_length=60, required=False)
    affected_users = serializers.IntegerField(min_value=0, allow_null=True, required=False)
    external_ref = Text(max_length=200, allow_null=True, required=False, help_text="Your own key: the same one is refused twice")


class IncidentEnded(Shape):
    resolution = Text(max_length=4000)
    ended_at = serializers.CharField(max_length=60, required=False)


class LinkAsked(Shape):
    window = Text(max_length=20)
    reason = Text(max_length=4000)


def shown(row: Incident) -> dict[str, Any]:
    names = ("title", "text", "severity", "service", "environment", "started_at", "ended_at", "resolution", "affected_users",
             "external_ref", "reported_by", "is_example")  # fmt: skip
    links = [{"window": one.reference, "by": one.by, "reason": one.reason, "made_by": one.made_by} for one in views_of(row)]
    return {"id": row.pk, "reference": row.reference, **{name: getattr(row, name) for name in names}, "links": links}


def answered(incident_id: int, actor: Actor, status: int = 200) -> Response:
    return Response(shown(incident_view(incident_id, actor)), status=status)


class Incidents(APIView):
    @extend_schema(
        operation_id="list_incidents", responses=page_of(IncidentShape), parameters=[OpenApiParameter(name, str) for name in FILTERS]
    )
    def get(self, request: Request) -> Response:
        limit, before = limit_of(request.query_params), cursor_of(request.query_params, int)
        found = incidents(actor_of(request), only(request.query_params, *FILTERS), before=before[0] if before else None, limit=limit + 1)
        return Response(page([shown(row) for row in found], limit, "id"))

    @extend_schema(operation_id="report_incident", request=IncidentReported, responses={201: IncidentShape})
    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        row = report_incident(actor, Report(**body(IncidentReported, request)), Via.API)
        answer = answered(row.pk, actor, 201)
        answer["Location"] = f"/api/v1/incidents/{row.pk}"
        return answer


class OneIncident(APIView):
    @extend_schema(operation_id="read_incident", responses=IncidentShape)
    def get(self, request: Request, incident_id: int) -> Response:
        return answered(incident_id, actor_of(request))


class EndIncident(APIView):
    @extend_schema(operation_id="end_incident", request=IncidentEnded, responses=IncidentShape)
    def post(self, request: Request, incident_id: int) -> Response:
        actor, asked = actor_of(request), body(IncidentEnded, request)
        end_incident(actor, incident_id, asked["resolution"], asked.get("ended_at", ""))
        return answered(incident_id, actor)


class LinkIncident(APIView):
    @extend_schema(operation_id="link_incident", request=LinkAsked, responses=IncidentShape)
    def post(self, request: Request, incident_id: int) -> Response:
        actor, asked = actor_of(request), body(LinkAsked, request)
        link_incident(actor, incident_id, asked["window"], asked["reason"])
        return answered(incident_id, actor)


class UnlinkIncident(APIView):
    @extend_schema(operation_id="unlink_incident", request=LinkAsked, responses=IncidentShape)
    def post(self, request: Request, incident_id: int) -> Response:
        actor, asked = actor_of(request), body(LinkAsked, request)
        unlink_incident(actor, incident_id, asked["window"], asked["reason"])
        return answered(incident_id, actor)
