"""Objectives: what is promised, how much error budget is left, and the pushing of measurements."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from slo.objectives.commands import FIELDS, Definition
from slo.objectives.queries import Health, health, promise, promises
from slo.telemetry.readings import Push
from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body
from windows.access.versions import expected_version, versioned
from windows.audit.clock import clock
from windows.catalogue.commands.objectives import define_objective, push_measurements
from windows.errors import Invalid

KEPT = [name for name in FIELDS if name != "is_example"]


class ObjectiveShape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    service = serializers.CharField()
    environment = serializers.CharField()
    title = serializers.CharField()
    target = serializers.CharField(help_text="A share, as decimal text: 0.999")
    window_days = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]
    query = serializers.DictField()
    is_critical = serializers.BooleanField()
    description = serializers.CharField()
    calendar = serializers.DictField(
        help_text="A calendar window: start (wall clock), zone, count, unit (d, w, M, Q, Y); {} where it rolls"
    )
    slice_minutes = serializers.IntegerField(allow_null=True, help_text="Timeslices: their length")
    slice_target = serializers.CharField(allow_null=True, help_text="Timeslices: the share of a slice's events that must be good")
    maintenance = serializers.CharField(help_text="How minutes under a window are treated: count, exclude, allow")
    rules = serializers.ListField(child=serializers.DictField(), help_text="Burn-rate alerts of its own; [] for the SRE workbook's")
    labels = serializers.DictField()
    version = serializers.IntegerField()


class ObjectiveAsked(Shape):
    slug = serializers.CharField(max_length=120)
    service = serializers.CharField(max_length=63)
    title = Text(max_length=200)
    target = serializers.DecimalField(max_digits=8, decimal_places=6)
    environment = serializers.CharField(max_length=63, required=False)
    window_days = serializers.IntegerField(min_value=1, max_value=400, required=False)
    source = serializers.CharField(max_length=30, required=False)  # type: ignore[assignment]
    query = serializers.DictField(child=serializers.CharField(max_length=2000), required=False)
    is_critical = serializers.BooleanField(required=False)
    description = Text(max_length=1050, allow_blank=True, required=False)
    calendar = serializers.DictField(required=False)
    slice_minutes = serializers.IntegerField(min_value=1, max_value=1440, required=False, allow_null=True)
    slice_target = serializers.DecimalField(max_digits=8, decimal_places=6, required=False, allow_null=True)
    maintenance = serializers.CharField(max_length=10, required=False)
    rules = serializers.ListField(child=serializers.DictField(), max_length=10, required=False)
    labels = serializers.DictField(required=False)


class BudgetShape(serializers.Serializer[Any]):
    good = serializers.IntegerField()
    total = serializers.IntegerField()
    spent = serializers.FloatField(help_text="Bad events that count")
    allowed = serializers.FloatField(allow_null=True)
    remaining = serializers.FloatField(allow_null=True, help_text="Share left: 1 untouched, below 0 overspent; null: no events, not known")


class HealthShape(serializers.Serializer[Any]):
    objective = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    raw = BudgetShape(help_text="What users felt")
    adjusted = BudgetShape(help_text="By the agreed policies")
    burn = serializers.DictField(child=serializers.FloatField(allow_null=True), help_text="By window: 5m, 30m, 1h, 2h, 6h, 1d, 3d")


class SampleAsked(Shape):
    key = serializers.CharField(max_length=120, help_text="The sender's own: the same key counts once")
    at = serializers.DateTimeField()
    good = serializers.IntegerField(min_value=0)
    total = serializers.IntegerField(min_value=0)
    source = Text(max_length=120, allow_blank=True, required=False)  # type: ignore[assignment]
    window = Text(max_length=20, allow_blank=True, required=False)


class PushAsked(Shape):
    samples = SampleAsked(many=True)


class PushedShape(serializers.Serializer[Any]):
    counted = serializers.IntegerField(help_text="Samples that were new")


def told(one: Health) -> dict[str, Any]:
    figures = {"raw": asdict(one.figures.raw), "adjusted": asdict(one.figures.adjusted)}
    return {"objective": one.promise.slug, "since": one.since, "until": one.until, **figures, "burn": dict(one.burn)}


class Objectives(APIView):
    @extend_schema(operation_id="list_objectives", parameters=[OpenApiParameter("service", str)], responses=ObjectiveShape(many=True))
    def get(self, request: Request) -> Response:
        wanted = only(request.query_params, "service")
        return Response([asdict(one) for one in promises(services=[wanted["service"]] if wanted else None)])

    @extend_schema(operation_id="define_objective", request=ObjectiveAsked, responses={201: ObjectiveShape})
    def post(self, request: Request) -> Response:
        made = define_objective(actor_of(request), Definition(**body(ObjectiveAsked, request)), 0)
        return versioned(asdict(promise(made.slug)), 201)


class OneObjective(APIView):
    @extend_schema(operation_id="read_objective", responses=ObjectiveShape)
    def get(self, request: Request, slug: str) -> Response:
        return versioned(asdict(promise(slug)))

    @extend_schema(operation_id="edit_objective", request=ObjectiveAsked, responses=ObjectiveShape)
    def patch(self, request: Request, slug: str) -> Response:
        changes, version, now = body(ObjectiveAsked, request, partial=True), expected_version(request), asdict(promise(slug))
        if changes.get("slug", slug) != slug:
            raise Invalid("An objective keeps its slug: measurements hang on it.", field="slug")
        define_objective(actor_of(request), Definition(**{name: now[name] for name in KEPT} | changes), version)
        return versioned(asdict(promise(slug)))


class Budgets(APIView):
    @extend_schema(
        operation_id="read_budget", responses=HealthShape, description="Error budget and burn rates at this moment, raw and adjusted."
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(told(health([promise(slug)], clock())[0]))


class Measurements(APIView):
    @extend_schema(operation_id="push_measurements", request=PushAsked, responses=PushedShape)
    def post(self, request: Request, slug: str) -> Response:
        samples = [Push(**sample) for sample in body(PushAsked, request)["samples"]]
        return Response({"counted": push_measurements(actor_of(request), slug, samples)})
