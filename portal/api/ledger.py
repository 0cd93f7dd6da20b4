"""The alert ledger over REST: what was heard of, what was made of it and why (F3). Here, since it joins slices as its page does: alerts
of a confidential window are for its own people."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.roles import Subject, Verb, require
from windows.access.shapes import page_of
from windows.alerts.models import Alert, AlertFact
from windows.alerts.queries import STATES, WHYS, Wanted, facts_of, ledger
from windows.alerts.states import Action, FactKind
from windows.errors import Invalid, NotFound
from windows.scheduling.queries.trail import hidden_from

KNOWN = {"action": [one.value for one in Action], "state": sorted(STATES), "why": sorted(WHYS)}
FILTERS = ("window", "service", "name", *KNOWN)
PARAMETERS = [OpenApiParameter(name, str, enum=KNOWN.get(name)) for name in FILTERS]
FIELDS = ("fingerprint", "name", "severity", "service", "environment", "labels", "annotations", "url", "starts_at", "ends_at",
          "first_heard_at", "window", "step", "action", "reasons", "is_expected", "expected_until", "withheld", "told_at",
          "handed_over_at", "is_example")  # fmt: skip


class AlertFactShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField([(one.value, one.value) for one in FactKind])
    said = serializers.CharField()
    at = serializers.DateTimeField()


class AlertShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    fingerprint = serializers.CharField()
    name = serializers.CharField()
    severity = serializers.CharField()
    service = serializers.CharField()
    environment = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())
    annotations = serializers.DictField(child=serializers.CharField())
    url = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True, help_text="null while it fires")
    first_heard_at = serializers.DateTimeField()
    window = serializers.CharField(help_text="The window it fell into; empty for none")
    step = serializers.CharField(help_text="Under way when it was first heard of")
    action = serializers.ChoiceField([(one.value, one.value) for one in Action])
    reasons = serializers.ListField(child=serializers.CharField())
    is_expected = serializers.BooleanField()
    expected_until = serializers.DateTimeField(allow_null=True)
    withheld = serializers.CharField(help_text="By which silence in Alertmanager; empty for none")
    told_at = serializers.DateTimeField(allow_null=True)
    handed_over_at = serializers.DateTimeField(allow_null=True, help_text="When its window ended and it still fired")
    is_example = serializers.BooleanField()
    facts = AlertFactShape(many=True, help_text="What happened to it, the oldest first")


def shown(row: Alert, facts: list[AlertFact]) -> dict[str, Any]:
    said = [{"kind": one.kind, "said": one.said, "at": one.at} for one in facts]
    return {"id": row.pk, **{name: getattr(row, name) for name in FIELDS}, "facts": said}


class Alerts(APIView):
    @extend_schema(operation_id="list_alerts", responses=page_of(AlertShape), parameters=PARAMETERS)
    def get(self, request: Request) -> Response:
        actor, params = actor_of(request), request.query_params
        require(actor, Verb.READ, Subject(called="the alert ledger"))
        limit, before, given = limit_of(params), cursor_of(params, int), only(params, *FILTERS)
        for name, values in KNOWN.items():
            if given.get(name, values[0]) not in values:
                raise Invalid(f"{name} is one of: {', '.join(values)}.", field=name)
        wanted = Wanted(**{name: value.replace("\0", "") for name, value in given.items()}, hidden=hidden_from(actor))
        found = ledger(wanted, before=before[0] if before else None, limit=limit + 1)
        facts = facts_of([row.pk for row in found])
        return Response(page([shown(row, facts.get(row.pk, [])) for row in found], limit, "id"))


class OneAlert(APIView):
    @extend_schema(operation_id="read_alert", responses=AlertShape)
    def get(self, request: Request, alert_id: int) -> Response:
        actor = actor_of(request)
        require(actor, Verb.READ, Subject(called="the alert ledger"))
        row = Alert.objects.filter(pk=alert_id).exclude(window__in=hidden_from(actor)).first()
        if row is None:
            raise NotFound("There is no such alert.")
        return Response(shown(row, facts_of([row.pk]).get(row.pk, [])))
