"""Over the API: accept that telemetry may lack the window's tag."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.shapes import Reason, body
from windows.execution.commands.readiness import accept_gap
from windows.scheduling.queries import window_id_of, window_view


class AcceptGap(APIView):
    @extend_schema(operation_id="accept_untagged_telemetry", request=Reason, responses={204: None})
    def post(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        accept_gap(actor, window_view(window_id_of(reference), actor).id, body(Reason, request)["reason"])
        return Response(status=204)
