"""Who signs in one's place, over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body
from windows.approvals.commands.delegations import delegate, revoke_delegation
from windows.approvals.models import Delegation
from windows.approvals.queries.delegations import delegations_of, is_over
from windows.audit.clock import clock
from windows.scheduling.times import parse


class DelegationShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    delegator = serializers.CharField(help_text="In whose place")
    delegate = serializers.CharField(help_text="Who signs")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    is_over = serializers.BooleanField()


class DelegationAsked(Shape):
    delegate = Text(max_length=254, help_text="The e-mail address of who signs in your place")
    starts_at = serializers.CharField(max_length=60, required=False, help_text="RFC 3339; without it, now")
    ends_at = serializers.CharField(max_length=60, help_text="RFC 3339; at most 92 days later")
    reason = Text(max_length=4000, allow_blank=True, default="")


def shown(row: Delegation, now: datetime) -> dict[str, Any]:
    names = ("id", "starts_at", "ends_at", "reason", "revoked_at")
    people = {"delegator": row.delegator.name, "delegate": row.delegate.name}
    return {name: getattr(row, name) for name in names} | people | {"is_over": is_over(row, now)}


class Delegations(APIView):
    @extend_schema(operation_id="list_delegations", responses=DelegationShape(many=True), description="Given and taken by you.")
    def get(self, request: Request) -> Response:
        only(request.query_params)
        now = clock()
        return Response([shown(row, now) for row in delegations_of(actor_of(request).person_id or 0)])

    @extend_schema(operation_id="delegate", request=DelegationAsked, responses={201: DelegationShape})
    def post(self, request: Request) -> Response:
        actor, asked, now = actor_of(request), body(DelegationAsked, request), clock()
        begins = parse(asked["starts_at"], "starts_at") if asked.get("starts_at") else now
        row = delegate(actor, asked["delegate"], begins, parse(asked["ends_at"], "ends_at"), asked["reason"])
        found = Delegation.objects.select_related("delegator", "delegate").get(pk=row.pk)
        return Response(shown(found, now), status=201)


class EndDelegation(APIView):
    @extend_schema(operation_id="revoke_delegation", responses={204: None})
    def delete(self, request: Request, delegation_id: int) -> Response:
        revoke_delegation(actor_of(request), delegation_id)
        return Response(status=204)
