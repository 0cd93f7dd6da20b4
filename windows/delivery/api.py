"""Channels over REST: how one's teams are told; add one, try it, end it. Secrets go in, and out only where they were made here, once."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.roles import Actor, Subject, Verb, permitted
from windows.access.shapes import Shape, Text, body, page_of
from windows.catalogue.models import Team
from windows.delivery.commands.configuring import ChannelDraft, add_channel, end_channel, try_channel
from windows.delivery.models import Channel, MessageStatus, Urgency
from windows.delivery.queries import channels_of, last_of
from windows.delivery.registry import kinds
from windows.errors import NotFound

URGENCIES = [(one.value, one.value) for one in Urgency]
STATUSES = [(one.value, one.value) for one in MessageStatus]


class LastMessage(serializers.Serializer[Any]):
    status = serializers.ChoiceField(STATUSES)
    at = serializers.DateTimeField()
    error = serializers.CharField(help_text="Empty where there is none")


class ChannelShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    team = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    address = serializers.CharField(help_text="Empty where the address itself is the secret")
    urgencies = serializers.ListField(child=serializers.ChoiceField(URGENCIES))
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_because = serializers.CharField()
    last_message = LastMessage(allow_null=True)


class ChannelMade(ChannelShape):
    secret = serializers.CharField(help_text="Of a signed webhook: told once. Empty for all others")


class ChannelAsked(Shape):
    team = Text(max_length=63)
    kind = Text(max_length=30, help_text=f"One of: {', '.join(sorted(kinds()))}")
    name = Text(max_length=120)
    address = Text(max_length=500, allow_blank=True, required=False)
    secret = Text(max_length=500, allow_blank=True, required=False, help_text="PagerDuty's routing key")
    urgencies = serializers.ListField(child=serializers.ChoiceField(URGENCIES), required=False)


def seen_by(actor: Actor) -> list[str]:
    """The teams whose channels an actor may know of: its own, and those whose channels it may edit."""
    teams = Team.objects.order_by("slug").values_list("slug", flat=True)
    own = {team for team, _ in actor.roles}
    return [slug for slug in teams if slug in own or permitted(actor, Verb.EDIT_CHANNELS, Subject(team=slug))]


def shown(rows: list[Channel]) -> list[dict[str, Any]]:
    last = last_of([row.pk for row in rows])
    names = ("team", "kind", "name", "address", "urgencies", "ended_at", "ended_because")
    found = []
    for row in rows:
        one = last.get(row.pk)
        told = {"status": one.status, "at": one.created_at, "error": one.last_error} if one else None
        found.append({"id": row.pk, **{name: getattr(row, name) for name in names}, "last_message": told})
    return found


def one_of(actor: Actor, channel_id: int) -> dict[str, Any]:
    """NotFound too where it is another team's: its name is nobody else's business."""
    row = Channel.objects.filter(pk=channel_id, team__in=seen_by(actor)).first()
    if row is None:
        raise NotFound("There is no such channel.")
    return shown([row])[0]


class Channels(APIView):
    @extend_schema(operation_id="list_channels", responses=page_of(ChannelShape), parameters=[OpenApiParameter("team", str)])
    def get(self, request: Request) -> Response:
        limit, before = limit_of(request.query_params), cursor_of(request.query_params, int)
        team = only(request.query_params, "team").get("team")
        teams = [slug for slug in seen_by(actor_of(request)) if team in (None, slug)]
        found = channels_of(teams, before=before[0] if before else None, limit=limit + 1)
        return Response(page(shown(found), limit, "id"))

    @extend_schema(operation_id="add_channel", request=ChannelAsked, responses={201: ChannelMade})
    def post(self, request: Request) -> Response:
        actor, asked = actor_of(request), body(ChannelAsked, request)
        urgencies = tuple(asked.pop("urgencies", (Urgency.PAGE.value,)))
        channel, secret = add_channel(actor, ChannelDraft(**asked, urgencies=urgencies))
        told = one_of(actor, channel.pk) | {"secret": secret}
        return Response(told, status=201, headers={"Location": f"/api/v1/channels/{channel.pk}", "Cache-Control": "no-store"})


class OneChannel(APIView):
    @extend_schema(operation_id="read_channel", responses=ChannelShape)
    def get(self, request: Request, channel_id: int) -> Response:
        return Response(one_of(actor_of(request), channel_id))


class TryChannel(APIView):
    @extend_schema(operation_id="try_channel", request=None, responses=ChannelShape)
    def post(self, request: Request, channel_id: int) -> Response:
        """A message that says it is a try goes there; read the channel to see whether it got through."""
        actor = actor_of(request)
        told = one_of(actor, channel_id)
        try_channel(actor, channel_id)
        return Response(told)


class EndChannel(APIView):
    @extend_schema(operation_id="end_channel", request=None, responses=ChannelShape)
    def post(self, request: Request, channel_id: int) -> Response:
        actor = actor_of(request)
        one_of(actor, channel_id)
        end_channel(actor, channel_id)
        return Response(one_of(actor, channel_id))
