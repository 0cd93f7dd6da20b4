"""The weekly and the monthly review over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.reviews.api.follow_ups import FollowUpShape, shown
from windows.reviews.periods import around, named
from windows.reviews.queries.review import review_of


class ReviewedMeasureShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    before = serializers.FloatField(allow_null=True, help_text="In the period before.")
    way = serializers.ChoiceField(["better", "worse", "same", "unknown"])
    verdict = serializers.ChoiceField(["pass", "fail", "inconclusive"])


class ReviewedLoadShape(serializers.Serializer[Any]):
    person = serializers.CharField()
    pages = serializers.IntegerField()


class ReviewedIncidentsShape(serializers.Serializer[Any]):
    begins = serializers.DateField()
    all = serializers.IntegerField()
    linked = serializers.IntegerField(help_text="To a window that you may see.")


class ReviewShape(serializers.Serializer[Any]):
    period = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    ran = serializers.IntegerField()
    went_back = serializers.ListField(child=serializers.CharField(), help_text="Windows.")
    measures = ReviewedMeasureShape(many=True)
    incidents = ReviewedIncidentsShape(many=True)
    load = ReviewedLoadShape(many=True)
    too_many = serializers.ListField(child=serializers.CharField(), help_text="Services over their budget of windows.")
    follow_ups = FollowUpShape(many=True)


def answered(request: Request, kind: str) -> Response:
    asked, now = only(request.query_params, kind), clock()
    period = named(kind, asked[kind]) if kind in asked else around(kind, now)
    review = review_of(actor_of(request), period, now)
    return Response(
        {
            "period": period.name, "since": period.since, "until": period.until, "ran": review.number,
            "went_back": [one.reference for one in review.went_back],
            "measures": [
                {"id": one.measure.id, "value": one.now.value, "before": one.before.value, "way": one.way, "verdict": one.verdict}
                for one in review.measures
            ],
            "incidents": [{"begins": one.begins, "all": one.all, "linked": one.linked} for one in review.incidents],
            "load": [{"person": person, "pages": pages} for person, pages in review.load],
            "too_many": [one.service for one in review.too_many],
            "follow_ups": [shown(row) for row in review.follow_ups],
        }
    )  # fmt: skip


class WeeklyReview(APIView):
    @extend_schema(operation_id="read_weekly_review", parameters=[OpenApiParameter("week", str)], responses=ReviewShape)
    def get(self, request: Request) -> Response:
        """The week asked for (2027-W09), else the one under way."""
        return answered(request, "week")


class MonthlyReview(APIView):
    @extend_schema(operation_id="read_monthly_review", parameters=[OpenApiParameter("month", str)], responses=ReviewShape)
    def get(self, request: Request) -> Response:
        """The month asked for (2027-03), else the one under way."""
        return answered(request, "month")
