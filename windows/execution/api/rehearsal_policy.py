"""Which work must have been rehearsed: everybody reads it, administrators write it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body
from windows.execution.commands.rehearsal_policy import save_rehearsal_policy
from windows.execution.queries.rehearsals import rule
from windows.execution.rehearsing import Rule


class RehearsalPolicyShape(serializers.Serializer[Any]):
    tier = serializers.IntegerField(help_text="Services of this tier and of more critical ones; 0: none")
    environments = serializers.ListField(child=serializers.CharField())
    good_for_days = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True, help_text="A major change: what was rehearsed before it does not count")
    told = serializers.CharField(help_text="The whole in one sentence")


class RehearsalPolicyAsked(Shape):
    tier = serializers.IntegerField(min_value=0, max_value=4)
    environments = serializers.ListField(child=Text(max_length=63), max_length=50)
    good_for_days = serializers.IntegerField(min_value=1, max_value=1000)
    since = serializers.DateTimeField(allow_null=True, default=None)


def policy_shown(found: Rule) -> dict[str, Any]:
    return {
        "tier": found.tier,
        "environments": sorted(found.environments),
        "good_for_days": found.good_for.days,
        "since": found.since,
        "told": found.told,
    }


class OneRehearsalPolicy(APIView):
    @extend_schema(operation_id="read_rehearsal_policy", responses=RehearsalPolicyShape)
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response(policy_shown(rule()))

    @extend_schema(operation_id="replace_rehearsal_policy", request=RehearsalPolicyAsked, responses=RehearsalPolicyShape)
    def put(self, request: Request) -> Response:
        return Response(policy_shown(save_rehearsal_policy(actor_of(request), **body(RehearsalPolicyAsked, request))))
