"""Complaints over REST: one, a CSV table, an e-mail file."""

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
from windows.access.roles import Verb, permitted
from windows.access.shapes import Shape, Text, body, page_of
from windows.incidents.api.incidents import LinkShape
from windows.incidents.commands.reporting import reporter, take_complaint, take_many
from windows.incidents.models import Complaint
from windows.incidents.queries import complaints, views_of
from windows.incidents.rows_in import LARGEST, from_csv, from_mail
from windows.incidents.states import Via

FILTERS = ("service", "window")


class ComplaintShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    text = serializers.CharField()
    who = serializers.CharField(help_text="Only for those who may report; else empty")
    received_at = serializers.DateTimeField()
    service = serializers.CharField()
    environment = serializers.CharField()
    via = serializers.CharField()
    external_ref = serializers.CharField(allow_null=True)
    is_example = serializers.BooleanField()
    links = LinkShape(many=True)


class ComplaintSent(Shape):
    text = Text(max_length=4000)
    who = Text(max_length=200, allow_blank=True, required=False)
    received_at = serializers.CharField(max_length=60, required=False, help_text="RFC 3339; now where it is left out")
    service = Text(max_length=63, allow_blank=True, required=False)
    environment = Text(max_length=63, allow_blank=True, required=False)
    window = Text(max_length=20, allow_blank=True, required=False)
    external_ref = Text(max_length=200, allow_null=True, required=False)


class ComplaintTable(Shape):
    text = serializers.CharField(max_length=LARGEST, trim_whitespace=False, help_text="CSV; its first line names the columns")


class ComplaintMail(Shape):
    raw = serializers.CharField(max_length=LARGEST, trim_whitespace=False, help_text="A message (.eml) or a mailbox (mbox) as text")


class TakenComplaintShape(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Of the table; of a mailbox the message's place")
    reference = serializers.CharField(help_text="The complaint; empty where the row was refused")
    field = serializers.CharField()
    wrong = serializers.CharField()


def shown(row: Complaint, *, who: bool) -> dict[str, Any]:
    links = [{"window": one.reference, "by": one.by, "reason": one.reason, "made_by": one.made_by} for one in views_of(row)]
    names = ("text", "received_at", "service", "environment", "via", "external_ref", "is_example")
    told = {name: getattr(row, name) for name in names}
    return {"id": row.pk, "reference": row.reference, **told, "who": row.who if who else "", "links": links}


class Complaints(APIView):
    @extend_schema(
        operation_id="list_complaints", responses=page_of(ComplaintShape), parameters=[OpenApiParameter(name, str) for name in FILTERS]
    )
    def get(self, request: Request) -> Response:
        actor, limit, before = actor_of(request), limit_of(request.query_params), cursor_of(request.query_params, int)
        found = complaints(actor, only(request.query_params, *FILTERS), before=before[0] if before else None, limit=limit + 1)
        who = permitted(actor, Verb.REPORT, reporter(actor))
        return Response(page([shown(row, who=who) for row in found], limit, "id"))

    @extend_schema(operation_id="take_complaint", request=ComplaintSent, responses={201: ComplaintShape})
    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        row = take_complaint(actor, body(ComplaintSent, request), Via.API)
        found = complaints(actor, {}, before=row.pk + 1, limit=1)
        return Response(shown(found[0], who=True), status=201)


class ComplaintsFromCsv(APIView):
    @extend_schema(
        operation_id="take_complaints_from_csv", request=ComplaintTable, responses=TakenComplaintShape(many=True),
        description="Every good row is a complaint; what is wrong is told with its line, and what is known already by its reference.",
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        asked = body(ComplaintTable, request)
        return Response([asdict(one) for one in take_many(actor_of(request), from_csv(asked["text"]), Via.CSV)])


class ComplaintsFromMail(APIView):
    @extend_schema(operation_id="take_complaints_from_mail", request=ComplaintMail, responses=TakenComplaintShape(many=True))
    def post(self, request: Request) -> Response:
        asked = body(ComplaintMail, request)
        rows = from_mail(asked["raw"].encode("utf-8", "surrogateescape"))
        return Response([asdict(one) for one in take_many(actor_of(request), rows, Via.EMAIL)])
