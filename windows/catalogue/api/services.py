"""Services: what they are, where they run, what they need."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body, page_of
from windows.access.versions import expected_version, versioned
from windows.catalogue.commands.dependencies import declare_dependency, withdraw_dependency
from windows.catalogue.commands.services import define_service, deploy_service, edit_service, hand_over_service
from windows.catalogue.models import Dependency, Deployment, Service
from windows.errors import NotFound

FIELDS = (
    "id",
    "slug",
    "name",
    "description",
    "tier",
    "monthly_active_users",
    "revenue_per_hour",
    "cost_per_hour",
    "on_call_schedule_url",
    "version",
)


class DeploymentShape(Shape):
    environment = serializers.CharField(max_length=63)
    region = serializers.CharField(max_length=63)


class ServiceShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    team = serializers.CharField()
    tier = serializers.IntegerField()
    monthly_active_users = serializers.IntegerField(allow_null=True)
    revenue_per_hour = serializers.CharField(allow_null=True, help_text="Decimal as text, in the portal's one currency")
    cost_per_hour = serializers.CharField(allow_null=True, help_text="What an hour under maintenance costs more, as revenue_per_hour")
    on_call_schedule_url = serializers.CharField()
    version = serializers.IntegerField()
    deployments = DeploymentShape(many=True)
    depends_on = serializers.ListField(child=serializers.CharField())


class ServiceEdit(Shape):
    name = Text(max_length=120)
    description = Text(max_length=4000, allow_blank=True, required=False)
    tier = serializers.IntegerField(min_value=1, max_value=4, required=False)
    monthly_active_users = serializers.IntegerField(min_value=0, max_value=2**62, allow_null=True, required=False)
    revenue_per_hour = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, allow_null=True, required=False)
    cost_per_hour = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, allow_null=True, required=False)
    on_call_schedule_url = serializers.URLField(max_length=500, allow_blank=True, required=False)


class ServiceAsked(ServiceEdit):
    slug = serializers.RegexField(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
    team = serializers.CharField(max_length=63)


class TeamNamed(Shape):
    team = serializers.CharField(max_length=63)


class PlacesAsked(Shape):
    deployments = DeploymentShape(many=True)


class DependencyAsked(Shape):
    depends_on = serializers.CharField(max_length=63)


def services(**wanted: Any) -> Any:
    """Rows of services with where they run and what they need: one query."""
    places = Deployment.objects.filter(service=OuterRef("pk")).order_by("environment__slug", "region__slug")
    place = places.annotate(place=JSONObject(environment="environment__slug", region="region__slug")).values("place")
    needed = Dependency.objects.filter(service=OuterRef("pk")).order_by("depends_on__slug").values("depends_on__slug")
    rows = Service.objects.filter(**wanted).annotate(places=ArraySubquery(place), needs=ArraySubquery(needed))
    return rows.order_by("id").values(*FIELDS, "places", "needs", team_slug=F("team__slug"))


def shaped(row: dict[str, Any]) -> dict[str, Any]:
    row["team"], row["deployments"], row["depends_on"] = row.pop("team_slug"), row.pop("places"), row.pop("needs")
    return row


def one(slug: str) -> dict[str, Any]:
    row = services(slug=slug).first()
    if row is None:
        raise NotFound(f"There is no service {slug} here.")
    return shaped(row)


class Services(APIView):
    @extend_schema(operation_id="list_services", responses=page_of(ServiceShape))
    def get(self, request: Request) -> Response:
        wanted = only(request.query_params, "team", "environment")
        columns = {"team": "team__slug", "environment": "deployments__environment__slug"}
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, int)
        filters = {columns[name]: value for name, value in wanted.items()}
        rows = services(pk__gt=after[0] if after else 0, **filters).distinct()[: limit + 1]
        return Response(page([shaped(row) for row in rows], limit, "id"))

    @extend_schema(operation_id="define_service", request=ServiceAsked, responses={201: ServiceShape})
    def post(self, request: Request) -> Response:
        service = define_service(actor_of(request), **body(ServiceAsked, request))
        return versioned(one(service.slug), 201)


class OneService(APIView):
    @extend_schema(operation_id="read_service", responses=ServiceShape)
    def get(self, request: Request, slug: str) -> Response:
        return versioned(one(slug))

    @extend_schema(operation_id="edit_service", request=ServiceEdit, responses=ServiceShape)
    def patch(self, request: Request, slug: str) -> Response:
        edit_service(actor_of(request), slug, body(ServiceEdit, request, partial=True), expected_version(request))
        return versioned(one(slug))


class HandOver(APIView):
    @extend_schema(operation_id="hand_over_service", request=TeamNamed, responses=ServiceShape)
    def post(self, request: Request, slug: str) -> Response:
        hand_over_service(actor_of(request), slug, body(TeamNamed, request)["team"], expected_version(request))
        return versioned(one(slug))


class Places(APIView):
    @extend_schema(operation_id="deploy_service", request=PlacesAsked, responses=ServiceShape)
    def put(self, request: Request, slug: str) -> Response:
        asked = body(PlacesAsked, request)["deployments"]
        deploy_service(actor_of(request), slug, [(place["environment"], place["region"]) for place in asked])
        return versioned(one(slug))


class Dependencies(APIView):
    @extend_schema(operation_id="declare_dependency", request=DependencyAsked, responses={201: ServiceShape})
    def post(self, request: Request, slug: str) -> Response:
        declare_dependency(actor_of(request), slug, body(DependencyAsked, request)["depends_on"])
        return versioned(one(slug), 201)


class OneDependency(APIView):
    @extend_schema(operation_id="withdraw_dependency", responses={204: None})
    def delete(self, request: Request, slug: str, depends_on: str) -> Response:
        withdraw_dependency(actor_of(request), slug, depends_on)
        return Response(status=204)
