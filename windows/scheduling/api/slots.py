"""Free slots over REST: for a scope that is only being thought of, or for a window."""

from __future__ import annotations

from dataclasses import asdict
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
from windows.errors import Invalid
from windows.scheduling.forms import whole
from windows.scheduling.queries import window_id_of
from windows.scheduling.queries.free import MOST_SLOTS, free_slots, sought_for_scope, sought_for_window
from windows.scheduling.ranking import Slot
from windows.scheduling.times import parse

PERIOD = ("since", "until", "limit")
USUAL = timedelta(days=14)


class ReasonShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField([(kind, kind) for kind in ("traffic", "conflict", "people", "lateness", "budget")])
    words = serializers.CharField()
    cost = serializers.FloatField()


class SlotShape(serializers.Serializer[Any]):
    """`cost` adds up its reasons; 1 is a slot at the mean traffic. `traffic` is a share of the weekly mean, null where not known."""

    begins = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    cost = serializers.FloatField()
    traffic = serializers.FloatField(allow_null=True)
    reasons = ReasonShape(many=True)
    is_earliest = serializers.BooleanField()


def asked_period(asked: dict[str, str], now: datetime) -> tuple[datetime, datetime, int]:
    since = parse(asked["since"], "since") if "since" in asked else now
    until = parse(asked["until"], "until") if "until" in asked else max(since, now) + USUAL
    limit = whole(asked.get("limit", "5"), "limit", f"a number from 1 to {MOST_SLOTS}") or 0
    if not 1 <= limit <= MOST_SLOTS:
        raise Invalid(f"limit is a number from 1 to {MOST_SLOTS}.", field="limit")
    return since, until, limit


def shown(slots: list[Slot]) -> Response:
    return Response([asdict(slot) for slot in slots])


class Slots(APIView):
    @extend_schema(
        operation_id="find_slots",
        parameters=[
            OpenApiParameter("scope", str, required=True, description="service/environment/region, several separated by commas; * is any"),
            OpenApiParameter("minutes", int, required=True),
            OpenApiParameter("coordinator_id", int),
            *(OpenApiParameter(name, str) for name in PERIOD),
        ],
        responses=SlotShape(many=True),
        description="The best free slots of a period (14 days from now unless said otherwise, 31 at most), the cheapest first.",
    )
    def get(self, request: Request) -> Response:
        asked = only(request.query_params, "scope", "minutes", "coordinator_id", *PERIOD)
        now = clock()
        since, until, limit = asked_period(asked, now)
        rows = [scope_of(row) for row in asked.get("scope", "").split(",") if row]
        minutes = whole(asked.get("minutes", ""), "minutes", "the length in minutes") or 0
        if minutes > 100_000:
            raise Invalid("This length is too long.", field="minutes")
        coordinator = whole(asked.get("coordinator_id", ""), "coordinator_id", "a person's id")
        actor = actor_of(request)
        return shown(free_slots(sought_for_scope(rows, timedelta(minutes=minutes), since, until, coordinator), actor, now, limit))


class WindowSlots(APIView):
    @extend_schema(
        operation_id="find_slots_for_window",
        parameters=[OpenApiParameter(name, str) for name in PERIOD],
        responses=SlotShape(many=True),
    )
    def get(self, request: Request, reference: str) -> Response:
        now, actor = clock(), actor_of(request)
        since, until, limit = asked_period(only(request.query_params, *PERIOD), now)
        return shown(free_slots(sought_for_window(window_id_of(reference), actor, since, until), actor, now, limit))


def scope_of(row: str) -> tuple[str, str, str]:
    parts = [part.strip() for part in row.split("/")]
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise Invalid("Write a scope as service/environment or service/environment/region.", field="scope")
    return parts[0], parts[1], parts[2] if len(parts) == 3 else "*"
