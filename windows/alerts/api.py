"""Where Alertmanager sends: its webhook, version 4, with a bearer token whose scope is send_alerts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.alerts.commands.hearing import SENDER, hear
from windows.alerts.wire import read


class AlertIn(serializers.Serializer[Any]):
    status = serializers.ChoiceField([("firing", "firing"), ("resolved", "resolved")])
    labels = serializers.DictField(child=serializers.CharField())
    annotations = serializers.DictField(child=serializers.CharField(), required=False)
    startsAt = serializers.DateTimeField()
    endsAt = serializers.DateTimeField(required=False)
    generatorURL = serializers.CharField(required=False)
    fingerprint = serializers.CharField(required=False)


class AlertsIn(serializers.Serializer[Any]):
    version = serializers.ChoiceField([("4", "4")])
    alerts = AlertIn(many=True, help_text="At most 1,000 (max_alerts of Alertmanager's configuration). Further fields are ignored.")


class AlertsTaken(serializers.Serializer[Any]):
    new = serializers.IntegerField()
    resolved = serializers.IntegerField()
    known = serializers.IntegerField(help_text="Heard of before, by fingerprint and start")
    refused = serializers.ListField(child=serializers.CharField(), help_text="What could not be read, by its place; the rest is taken")


class Alertmanager(APIView):
    @extend_schema(operation_id="hear_alerts", request=AlertsIn, responses=AlertsTaken)
    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, Verb.SEND_ALERTS, SENDER)
        taken = hear(actor, read(request.data))
        told = {"new": taken.new, "resolved": taken.resolved, "known": taken.known, "refused": list(taken.refused)[:20]}
        return Response(told)
