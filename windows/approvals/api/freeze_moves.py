"""Moving the windows out of a change freeze that landed on them: what it would mean, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, Text, body, names
from windows.approvals.commands.moving import Wanted, move_out_of_freeze
from windows.audit.clock import clock
from windows.errors import Invalid
from windows.scheduling.forms import whole
from windows.scheduling.queries import window_id_of
from windows.scheduling.queries.freeze_moves import AT_ONCE, proposals_for_freeze
from windows.scheduling.times import parse


class ProposalShape(serializers.Serializer[Any]):
    window = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField()
    team = serializers.CharField()
    version = serializers.IntegerField(help_text="To be sent back with the move")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    to_starts_at = serializers.DateTimeField(allow_null=True, help_text="null: there is no free slot in the 31 days after the freeze")
    to_ends_at = serializers.DateTimeField(allow_null=True)
    approvals_lapse = serializers.BooleanField()
    may_move = serializers.BooleanField(help_text="Whether you may; else its own people must")


class ProposalsShape(serializers.Serializer[Any]):
    items = ProposalShape(many=True)
    hidden = serializers.IntegerField(help_text="Windows of this page that are not for your eyes")
    next_after = serializers.IntegerField(allow_null=True, help_text="?after= for the next page; null on the last")


class MoveOutAsked(Shape):
    window = serializers.CharField(max_length=30)
    version = serializers.IntegerField(min_value=1)
    starts_at = serializers.CharField(max_length=60, required=False, help_text="Without it, its next free slot after the freeze")


class MovesAsked(Shape):
    moves = serializers.ListField(child=MoveOutAsked(), min_length=1, max_length=AT_ONCE)
    reason = Text(max_length=4000, allow_blank=True, default="", help_text="Answers soft conflicts")


class MovedShape(serializers.Serializer[Any]):
    window = serializers.CharField()
    moved = serializers.BooleanField()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    field = serializers.CharField(help_text="What stood against it; empty where it moved")
    refused = serializers.CharField()


TIMES = OpenApiParameter("times", str, enum=["this", "all"], description="all: of a freeze that recurs, this time and all that follow")


def every_time_in(asked: Mapping[str, str]) -> bool:
    times = asked.get("times", "this")
    if times not in ("this", "all"):
        raise Invalid("Ask for this time, or for all.", field="times")
    return times == "all"


class FreezeMoves(APIView):
    @extend_schema(
        operation_id="propose_moves_out_of_freeze",
        parameters=[OpenApiParameter("after", int), TIMES],
        responses=ProposalsShape,
        description=f"The windows inside a freeze, {AT_ONCE} a page, each with the first slot after it that is free of conflicts.",
    )
    def get(self, request: Request, freeze_id: int) -> Response:
        asked = only(request.query_params, "after", "times")
        after = whole(asked.get("after", "0"), "after", "a number of a window") or 0
        found = proposals_for_freeze(freeze_id, actor_of(request), clock(), after=after, every_time=every_time_in(asked))
        told = [{"window": row.reference, **asdict(row)} for row in found.rows]
        items = [{name: row[name] for name in names(ProposalShape)} for row in told]
        return Response({"items": items, "hidden": found.hidden, "next_after": found.after})

    @extend_schema(
        operation_id="move_out_of_freeze",
        request=MovesAsked,
        parameters=[TIMES],
        responses=MovedShape(many=True),
        description="Each window is moved by itself; one that cannot is reported and stays. A window that changed since is left alone.",
    )
    def post(self, request: Request, freeze_id: int) -> Response:
        actor, asked = actor_of(request), body(MovesAsked, request)
        wanted = [
            Wanted(
                window_id_of(one["window"]),
                one["version"],
                parse(one["starts_at"], f"moves[{n}].starts_at") if one.get("starts_at") else None,
            )
            for n, one in enumerate(asked["moves"])
        ]
        every_time = every_time_in(only(request.query_params, "times"))
        found = move_out_of_freeze(actor, freeze_id, wanted, reason=asked["reason"], every_time=every_time)
        rows = [{"window": f"MW-{one.window_id}", "moved": not one.refused, **asdict(one)} for one in found]
        return Response([{name: row[name] for name in names(MovedShape)} for row in rows])
