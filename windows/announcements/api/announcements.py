"""Announcements over REST: read, write, say more, withdraw."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.shapes import Reason, Shape, Text, body
from windows.announcements.commands.announcing import LONGEST, announce, say, withdraw
from windows.announcements.models import Announcement
from windows.announcements.queries import announcement_of
from windows.announcements.states import PublicStatus
from windows.errors import NotFound
from windows.scheduling.queries import window_id_of, window_view

SHOWN = [(one.value, one.value) for one in PublicStatus]


class AnnouncementUpdateShape(serializers.Serializer[Any]):
    status = serializers.ChoiceField(SHOWN)
    body = serializers.CharField()
    said_by = serializers.CharField()
    at = serializers.DateTimeField()


class AnnouncementShape(serializers.Serializer[Any]):
    window = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    status = serializers.ChoiceField(
        [("", "not shown yet"), *SHOWN], help_text="As the public was last told; empty until the window is approved."
    )
    announced_by = serializers.CharField()
    announced_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    updates = AnnouncementUpdateShape(many=True, help_text="The newest first.")


class AnnouncementAsked(Shape):
    title = Text(max_length=200)
    text = Text(max_length=LONGEST)


class UpdateAsked(Shape):
    text = Text(max_length=LONGEST)


def shown(row: Announcement) -> dict[str, Any]:
    names = ("title", "text", "status", "announced_by", "announced_at", "withdrawn_at")
    updates = [{name: getattr(one, name) for name in ("status", "body", "said_by", "at")} for one in row.updates.all()]
    return {"window": f"MW-{row.window_id}", **{name: getattr(row, name) for name in names}, "updates": updates}


def announcement(request: Request, reference: str) -> dict[str, Any]:
    view = window_view(window_id_of(reference), actor_of(request))
    row = announcement_of(view.id)
    if row is None:
        raise NotFound(f"{view.reference} is not announced.")
    return shown(row)


class OneAnnouncement(APIView):
    @extend_schema(operation_id="read_announcement", responses=AnnouncementShape)
    def get(self, request: Request, reference: str) -> Response:
        return Response(announcement(request, reference))

    @extend_schema(operation_id="announce_window", request=AnnouncementAsked, responses={200: AnnouncementShape, 201: AnnouncementShape})
    def put(self, request: Request, reference: str) -> Response:
        """In words for the public; also rewrites, and takes back a withdrawal."""
        _, is_new = announce(actor_of(request), reference, **body(AnnouncementAsked, request))
        return Response(announcement(request, reference), status=201 if is_new else 200)

    @extend_schema(operation_id="withdraw_announcement", request=Reason, responses={204: None})
    def delete(self, request: Request, reference: str) -> Response:
        withdraw(actor_of(request), reference, **body(Reason, request))
        return Response(status=204)


class AnnouncementUpdates(APIView):
    @extend_schema(operation_id="update_announcement", request=UpdateAsked, responses={201: AnnouncementShape})
    def post(self, request: Request, reference: str) -> Response:
        say(actor_of(request), reference, **body(UpdateAsked, request))
        return Response(announcement(request, reference), status=201)
