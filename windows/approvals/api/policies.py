"""Policies: which windows take whose signatures. Everybody reads them, administrators write them."""

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
from windows.approvals.commands import delete_policy, save_policy
from windows.approvals.commands.policies import PolicyDraft
from windows.approvals.models import Policy

BOUNDED = (
    "lead_hours, longest_minutes, hours {days, opens, closes, timezone}; else_role signs as well for what is beyond, else it is refused"
)
FIELDS = ("id", "name", "position", "match", "requires", "separate_executor", "bounds", "is_enabled")


class PolicyShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    position = serializers.IntegerField()
    match = serializers.DictField()
    requires = serializers.ListField(child=serializers.DictField())
    separate_executor = serializers.BooleanField()
    bounds = serializers.DictField()
    is_enabled = serializers.BooleanField()


class PolicyAsked(Shape):
    name = Text(max_length=120)
    position = serializers.IntegerField(min_value=0, max_value=9999)
    match = serializers.DictField(default=dict)
    requires = serializers.ListField(child=serializers.DictField(), default=list, max_length=20)
    separate_executor = serializers.BooleanField(default=False)
    bounds = serializers.DictField(default=dict, help_text=BOUNDED)
    is_enabled = serializers.BooleanField(default=True)


class Policies(APIView):
    @extend_schema(operation_id="list_policies", responses=PolicyShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response(list(Policy.objects.order_by("position", "id").values(*FIELDS)[:500]))

    @extend_schema(operation_id="create_policy", request=PolicyAsked, responses={201: PolicyShape})
    def post(self, request: Request) -> Response:
        policy = save_policy(actor_of(request), PolicyDraft(**body(PolicyAsked, request)))
        return Response(Policy.objects.values(*FIELDS).get(pk=policy.pk), status=201)


class OnePolicy(APIView):
    @extend_schema(operation_id="replace_policy", request=PolicyAsked, responses=PolicyShape)
    def put(self, request: Request, policy_id: int) -> Response:
        policy = save_policy(actor_of(request), PolicyDraft(**body(PolicyAsked, request)), policy_id=policy_id)
        return Response(Policy.objects.values(*FIELDS).get(pk=policy.pk))

    @extend_schema(operation_id="delete_policy", responses={204: None})
    def delete(self, request: Request, policy_id: int) -> Response:
        delete_policy(actor_of(request), policy_id)
        return Response(status=204)
