"""The double-entry record: adjustments as a document and as CSV, and what one window was charged."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from slo.maintenance import Entry
from slo.objectives.queries import Account
from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.errors import Invalid
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.queries.accounts import accounts_of, record_for

FILTERS = ("objective", "service", "window", "since", "until")
COLUMNS = ("window", "objective", "service", "policy", "slack", "firstEventStart", "end", "authority", "approvers", "recorded_at")
ASKED = [
    OpenApiParameter("objective", str),
    OpenApiParameter("service", str),
    OpenApiParameter("window", str, description="MW-1042"),
    OpenApiParameter("since", datetime, description="Ends after this time"),
    OpenApiParameter("until", datetime, description="Begins before this time"),
]


class SlosShape(serializers.Serializer[Any]):
    slos = serializers.ListField(child=serializers.DictField(), help_text="name: the objective, project: its service")


class AdjustmentShape(serializers.Serializer[Any]):
    displayName = serializers.CharField()
    firstEventStart = serializers.DateTimeField()
    duration = serializers.CharField(help_text="In seconds: 3600s")
    filters = SlosShape()
    window = serializers.CharField()
    policy = serializers.CharField(help_text="exclude, allow; count gives back what an earlier line of the same window took")
    slack = serializers.FloatField(help_text="Of allow: a share of the whole error budget")
    authority = serializers.CharField()
    approvers = serializers.ListField(child=serializers.CharField())
    recorded_at = serializers.DateTimeField()


class DocumentShape(serializers.Serializer[Any]):
    kind = serializers.CharField()
    items = AdjustmentShape(many=True)


class AccountShape(serializers.Serializer[Any]):
    window = serializers.CharField()
    objective = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    total = serializers.IntegerField(help_text="Events while the window ran")
    raw = serializers.IntegerField(help_text="Bad events: what users felt; excused + charged")
    excused = serializers.FloatField()
    charged = serializers.FloatField()
    allowed = serializers.FloatField(allow_null=True, help_text="Bad events the objective allows; null: nothing measured")
    spent = serializers.FloatField(allow_null=True, help_text="Charged, as a share of the budget")
    felt = serializers.FloatField(allow_null=True, help_text="Raw, as a share of the budget")
    policy = serializers.CharField()
    slack = serializers.FloatField()
    authority = serializers.CharField()
    approvers = serializers.ListField(child=serializers.CharField())


def record_in(request: Request, viewer: Actor) -> tuple[list[Entry], dict[str, str]]:
    sent = only(request.query_params, *FILTERS)
    times: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        try:
            times[name] = datetime.fromisoformat(sent[name]) if name in sent else None
        except ValueError:
            raise Invalid("Write a time with its zone, like 2026-06-01T00:00:00Z.", field=name) from None
        if (given := times[name]) is not None and given.tzinfo is None:
            raise Invalid("Write a time with its zone, like 2026-06-01T00:00:00Z.", field=name)
    texts = {name: sent.get(name, "").replace("\0", "")[:120] for name in ("objective", "service", "window")}
    return record_for(viewer, **texts, **times)  # type: ignore[arg-type]


def line(one: Entry, services: dict[str, str]) -> dict[str, Any]:
    return {
        "displayName": f"{one.window}: {one.policy.value} on {one.objective}",
        "firstEventStart": one.interval.start,
        "duration": f"{one.interval.length.total_seconds():.0f}s",
        "filters": {"slos": [{"name": one.objective, "project": services.get(one.objective, "")}]},
        "window": one.window,
        "policy": one.policy.value,
        "slack": one.slack,
        "authority": one.authority,
        "approvers": list(one.approvers),
        "recorded_at": one.recorded_at,
    }


class Adjustments(APIView):
    @extend_schema(operation_id="export_adjustments", parameters=ASKED, responses=DocumentShape)
    def get(self, request: Request) -> Response:
        entries, services = record_in(request, actor_of(request))
        return Response({"kind": "AdjustmentDocument", "items": [line(one, services) for one in entries]})


class AdjustmentsTable(APIView):
    @extend_schema(operation_id="export_adjustments_as_csv", parameters=ASKED, responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:
        entries, services = record_in(request, actor_of(request))
        told = io.StringIO()
        writer = csv.writer(told, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for one in entries:
            row = (one.window, one.objective, services.get(one.objective, ""), one.policy.value, one.slack)
            times = (stamp(one.interval.start), stamp(one.interval.end))
            writer.writerow([*row, *times, safe(one.authority), safe("; ".join(one.approvers)), stamp(one.recorded_at)])
        response = HttpResponse(told.getvalue(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="adjustments.csv"'
        return response


def stamp(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""


def safe(text: str) -> str:
    """A name that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{text}" if text.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def account_of(one: Account) -> dict[str, Any]:
    names = ("window", "objective", "total", "raw", "allowed", "spent", "felt", "slack", "authority")
    return {
        **{name: getattr(one, name) for name in names},
        **{"since": one.interval.start, "until": one.interval.end, "policy": one.policy.value, "approvers": list(one.approvers)},
        **{"excused": float(one.excused), "charged": float(one.charged)},
    }


class WindowAccount(APIView):
    @extend_schema(
        operation_id="read_window_account", responses=AccountShape(many=True),
        description="What this window did to each error budget; empty while it has not begun.",
    )  # fmt: skip
    def get(self, request: Request, reference: str) -> Response:
        only(request.query_params)
        view = window_view(window_id_of(reference), actor_of(request))
        return Response([account_of(one) for one in accounts_of([window_id_of(view.reference)], clock())])
