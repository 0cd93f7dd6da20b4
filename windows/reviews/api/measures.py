"""The measures over the API: values with targets, and the runs behind one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.errors import Invalid, NotFound
from windows.reviews.measures import MEASURES, Ended, Measure, beside, value_of
from windows.reviews.queries.counted import counted_runs

FILTERS = ("since", "until", "team", "service")
USUAL, LONGEST = timedelta(days=91), timedelta(days=400)
ASKED = [OpenApiParameter(name, datetime if name in ("since", "until") else str) for name in FILTERS]


class MeasureShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    definition = serializers.CharField()
    unit = serializers.CharField()
    target = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="A share for “%”; null where it is not known.")
    verdict = serializers.ChoiceField(["pass", "fail", "inconclusive"])
    known = serializers.IntegerField(help_text="Runs that count.")
    all = serializers.IntegerField(help_text="Runs that ended.")
    usual = serializers.FloatField(allow_null=True, help_text="M2: the same hours of the four weeks before.")


class CountedShape(serializers.Serializer[Any]):
    window = serializers.CharField()
    run = serializers.IntegerField()
    ended_at = serializers.DateTimeField()
    part = serializers.FloatField()
    whole = serializers.FloatField()


class OneMeasureShape(MeasureShape):
    runs = CountedShape(many=True)


class Measures(APIView):
    @extend_schema(operation_id="list_measures", parameters=ASKED, responses=MeasureShape(many=True))
    def get(self, request: Request) -> Response:
        """M1 to M10 of the runs that ended in a time (the last 13 weeks if none is said), of one team or service where named."""
        runs = runs_of(request)
        return Response([shaped(one, runs) for one in MEASURES.values()])


class OneMeasure(APIView):
    @extend_schema(operation_id="read_measure", parameters=ASKED, responses=OneMeasureShape)
    def get(self, request: Request, measure_id: str) -> Response:
        """One measure with the runs behind it, the newest first."""
        one = MEASURES.get(measure_id.upper())
        if one is None:
            raise NotFound(f"There is no measure {measure_id[:20]}. There are: {', '.join(MEASURES)}.")
        runs = runs_of(request)
        told = [
            {"window": run.reference, "run": run.run_id, "ended_at": run.ended_at, "part": counts[0], "whole": counts[1]}
            for run in runs
            if (counts := one.counts(run)) is not None
        ]
        return Response({**shaped(one, runs), "runs": told})


def runs_of(request: Request) -> list[Ended]:
    asked = only(request.query_params, *FILTERS)
    until = moment(asked, "until") or clock()
    since = moment(asked, "since") or until - USUAL
    if not timedelta() < until - since <= LONGEST:
        raise Invalid(f"since lies before until, by at most {LONGEST.days} days.", field="since")
    return counted_runs(actor_of(request), since, until, team=plain(asked, "team"), service=plain(asked, "service"))


def plain(asked: Mapping[str, str], name: str) -> str:
    return asked.get(name, "").replace("\0", "")[:63]


def moment(asked: Mapping[str, str], name: str) -> datetime | None:
    if name not in asked:
        return None
    try:
        at = datetime.fromisoformat(asked[name])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid("Write a time with its offset, such as 2027-03-01T22:00:00Z.", field=name)
    return at


def shaped(one: Measure, runs: list[Ended]) -> dict[str, Any]:
    value = value_of(one, runs)
    return {
        "id": one.id, "title": one.title, "definition": one.definition, "unit": one.unit, "target": one.target, "value": value.value,
        "verdict": value.verdict(one), "known": value.known, "all": value.all,
        "usual": beside(one, runs),
    }  # fmt: skip
