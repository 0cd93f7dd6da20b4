"""One window: read it, edit it. An edit of what is approved is an amendment, and may make approvals lapse."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.shapes import body
from windows.access.versions import expected_version, versioned
from windows.approvals.api.requests import MaybeReason
from windows.approvals.commands import amend_window
from windows.approvals.commands.moving import move_to_next_free_slot
from windows.errors import Stale
from windows.lifecycle.states import WindowStatus
from windows.scheduling.api.shapes import WindowAsked, WindowShape, changes_from, shown
from windows.scheduling.api.windows import ReadWindow
from windows.scheduling.commands.drafts import edit_draft
from windows.scheduling.queries import window_id_of, window_view


class OneWindow(ReadWindow):
    @extend_schema(
        operation_id="edit_window",
        parameters=[OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True)],
        request=WindowAsked,
        responses=WindowShape,
    )
    def patch(self, request: Request, reference: str) -> Response:
        actor, version = actor_of(request), expected_version(request)
        changes = changes_from(body(WindowAsked, request, partial=True))
        before = window_view(window_id_of(reference), actor)
        edit = edit_draft if before.status == WindowStatus.DRAFT else amend_window
        try:
            edit(actor, before.id, changes, version)
        except Stale as error:  # what the editor did not know of, beside what they wanted
            current, sent = shown(before), dict(request.data)
            theirs = {name: {"current": current[name], "yours": sent[name]} for name in changes if name in current}
            raise Stale(error.detail, current=error.facts["current"], changed=theirs) from error
        return versioned(shown(window_view(before.id, actor)))


class NextSlot(APIView):
    @extend_schema(
        operation_id="move_to_next_free_slot",
        parameters=[OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True)],
        request=MaybeReason,
        responses=WindowShape,
    )
    def post(self, request: Request, reference: str) -> Response:
        actor, version = actor_of(request), expected_version(request)
        window = move_to_next_free_slot(actor, window_id_of(reference), version, reason=body(MaybeReason, request)["reason"])
        return versioned(shown(window_view(window.pk, actor)))
