"""Asking for approval and deciding on it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.access.shapes import Reason, Shape, Text, body
from windows.access.versions import versioned
from windows.approvals.commands import decide, request_window, withdraw
from windows.approvals.models import Decision
from windows.approvals.queries import approval_view, awaiting
from windows.scheduling.api.shapes import WindowShape, shown
from windows.scheduling.queries import window_id_of, window_view


class SignatureShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    decision = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    counts = serializers.BooleanField()


class ApprovalShape(serializers.Serializer[Any]):
    window = serializers.CharField()
    number = serializers.IntegerField()
    status = serializers.CharField()
    policy = serializers.CharField()
    requires = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())
    later = serializers.ListField(child=serializers.CharField(), help_text="Those missing whose turn has not come")
    separate_executor = serializers.BooleanField()
    digest = serializers.CharField()
    requester = serializers.CharField()
    requested_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    lapsed_because = serializers.ListField(child=serializers.DictField())
    conflicts = serializers.ListField(child=serializers.DictField())
    conflict_reason = serializers.CharField()
    signatures = SignatureShape(many=True)
    may_sign = serializers.BooleanField()


class AwaitingShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    title = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    requested_at = serializers.DateTimeField()
    policy = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField())


class MaybeReason(Shape):
    """A reason answers soft conflicts."""

    reason = Text(max_length=4000, allow_blank=True, default="")


def after(window_id: int, actor: Actor) -> Response:
    return versioned(shown(window_view(window_id, actor)))


class RequestApproval(APIView):
    @extend_schema(operation_id="request_window", request=MaybeReason, responses=WindowShape)
    def post(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        return after(request_window(actor, window_id_of(reference), reason=body(MaybeReason, request)["reason"]).pk, actor)


class Withdraw(APIView):
    @extend_schema(operation_id="withdraw_request", request=None, responses=WindowShape)
    def post(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        return after(withdraw(actor, window_id_of(reference)).pk, actor)


class Approve(APIView):
    @extend_schema(operation_id="approve_window", request=MaybeReason, responses=WindowShape)
    def post(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        return after(decide(actor, window_id_of(reference), Decision.APPROVED, body(MaybeReason, request)["reason"]).pk, actor)


class Reject(APIView):
    @extend_schema(operation_id="reject_window", request=Reason, responses=WindowShape)
    def post(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        return after(decide(actor, window_id_of(reference), Decision.REJECTED, body(Reason, request)["reason"]).pk, actor)


class Approvals(APIView):
    @extend_schema(operation_id="list_approvals_of_window", responses=ApprovalShape(many=True))
    def get(self, request: Request, reference: str) -> Response:
        only(request.query_params)
        return Response([asdict(view) for view in approval_view(window_id_of(reference), actor_of(request))])


class Inbox(APIView):
    @extend_schema(operation_id="list_awaiting_me", responses=AwaitingShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        rows = [asdict(row) for row in awaiting(actor_of(request))]
        return Response([{name: row[name] for name in row if name != "window_id"} for row in rows])
