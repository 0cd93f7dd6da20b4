"""Series over REST: let a draft recur, see what a rule would make, list, end from one occurrence on."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.shapes import Reason, Shape, body, names, page_of
from windows.access.versions import expected_version, versioned
from windows.audit.clock import clock
from windows.scheduling.api.shapes import STATUS
from windows.scheduling.commands.series import Pattern, create_series, recurring, skip_following
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.queries.preview import preview
from windows.scheduling.queries.series import SeriesView, occurrences_of, series_list, series_view
from windows.scheduling.times import wall

IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True)
RULE = ("rrule", "rdates", "exdates")


class PatternAsked(Shape):
    """How it recurs. The window's own begin is the first occurrence; dates are local times of its zone."""

    rrule = serializers.CharField(max_length=500, allow_blank=True, default="", help_text="RFC 5545, such as FREQ=MONTHLY;BYDAY=2TU")
    rdates = serializers.ListField(child=serializers.CharField(max_length=30), default=list, max_length=1000)
    exdates = serializers.ListField(child=serializers.CharField(max_length=30), default=list, max_length=1000)


class SeriesShape(serializers.Serializer[Any]):
    """`known_until`: occurrences that begin later are not made yet, and nothing is known of their conflicts; null: there are none."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    team = serializers.CharField()
    starts = serializers.CharField(help_text="Local time of the first occurrence")
    timezone = serializers.CharField()
    minutes = serializers.IntegerField()
    rrule = serializers.CharField()
    rdates = serializers.ListField(child=serializers.CharField())
    exdates = serializers.ListField(child=serializers.CharField())
    known_until = serializers.DateTimeField(allow_null=True)
    follows = serializers.IntegerField(allow_null=True)
    stalled = serializers.CharField()
    version = serializers.IntegerField()
    uid = serializers.CharField()
    is_example = serializers.BooleanField()


class OccurrenceShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    recurrence_id = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(STATUS)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    strayed = serializers.BooleanField(help_text="Changed alone: what is said of all that follow leaves it")


class PreviewedShape(serializers.Serializer[Any]):
    recurrence_id = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    clock_jumps = serializers.BooleanField()


class PreviewShape(serializers.Serializer[Any]):
    first = PreviewedShape(many=True)
    number = serializers.IntegerField()
    known_until = serializers.DateTimeField()
    over_jumps = PreviewedShape(many=True)


def shown(view: SeriesView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in names(SeriesShape)}


class SeriesRows(APIView):
    @extend_schema(
        operation_id="list_series",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=page_of(SeriesShape),
    )
    def get(self, request: Request) -> Response:
        only(request.query_params)
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, int)
        rows = series_list(actor_of(request), limit=limit, after=after[0] if after else None)
        return Response(page([shown(view) for view in rows], limit, "id"))


class OneSeries(APIView):
    @extend_schema(operation_id="read_series", responses=SeriesShape)
    def get(self, request: Request, series_id: int) -> Response:
        only(request.query_params)
        return versioned(shown(series_view(series_id, actor_of(request))))


class Occurrences(APIView):
    @extend_schema(
        operation_id="list_occurrences",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=page_of(OccurrenceShape),
    )
    def get(self, request: Request, series_id: int) -> Response:
        only(request.query_params)
        actor, limit = actor_of(request), limit_of(request.query_params)
        after = cursor_of(request.query_params, str)
        series_view(series_id, actor)
        rows = [asdict(one) for one in occurrences_of(series_id, actor, limit=limit, after=after[0] if after else "")]
        answer = page(rows, limit, "recurrence_id")
        answer["items"] = [{name: row[name] for name in names(OccurrenceShape)} for row in answer["items"]]
        return Response(answer)


class Repeat(APIView):
    @extend_schema(
        operation_id="preview_series",
        parameters=[OpenApiParameter(name, str) for name in RULE],
        responses=PreviewShape,
        description="What a rule would make of a window. Dates are separated by commas.",
    )
    def get(self, request: Request, reference: str) -> Response:
        asked = only(request.query_params, *RULE)
        view = window_view(window_id_of(reference), actor_of(request))
        pattern = Pattern(rrule=asked.get("rrule", ""), rdates=listed(asked.get("rdates")), exdates=listed(asked.get("exdates")))
        starts = datetime.fromisoformat(wall(view.starts_at, view.timezone))
        found = preview(recurring(starts, view.timezone, pattern), view.ends_at - view.starts_at, clock())
        return Response(asdict(found))

    @extend_schema(
        operation_id="create_series",
        parameters=[IF_MATCH],
        request=PatternAsked,
        responses={201: SeriesShape},
        description="A draft becomes the first occurrence of a series; the others are made as drafts, 13 months ahead.",
    )
    def post(self, request: Request, reference: str) -> Response:
        actor, asked = actor_of(request), body(PatternAsked, request)
        pattern = Pattern(rrule=asked["rrule"], rdates=tuple(asked["rdates"]), exdates=tuple(asked["exdates"]))
        series = create_series(actor, window_id_of(reference), pattern, expected_version(request))
        answer = versioned(shown(series_view(series.pk, actor)), 201)
        answer["Location"] = f"/api/v1/series/{series.pk}"
        return answer


class SkipFollowing(APIView):
    @extend_schema(operation_id="skip_following", request=Reason, responses=SeriesShape)
    def post(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        series = skip_following(actor, window_id_of(reference), body(Reason, request)["reason"])
        return versioned(shown(series_view(series.pk, actor)))


def listed(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in (text or "").split(",") if part)
