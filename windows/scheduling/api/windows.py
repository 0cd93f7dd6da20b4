"""Windows: list, file a draft, read, call off, throw away. Editing and everything about approval is one slice up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.http import HttpResponse, HttpResponseNotModified
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.access.shapes import Reason, body, page_of
from windows.access.versions import versioned
from windows.audit.queries import trail_mark
from windows.scheduling.api.shapes import RowShape, WindowAsked, WindowShape, draft_from, shown
from windows.scheduling.commands.drafts import cancel_window, create_draft, discard_draft
from windows.scheduling.kept import Kept, etag, eyes, unchanged
from windows.scheduling.queries import window_view
from windows.scheduling.queries.listing import FILTERS, windows
from windows.scheduling.queries.windows import window_id_of

FILTERED = [OpenApiParameter(name, str) for name in FILTERS]
KEPT = Kept()
LISTED = "/api/v1/windows"
PAGED = [OpenApiParameter("cursor", str), OpenApiParameter("limit", int)]


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of the list as one viewer asked for it; equal keys, equal answers while nothing is done."""

    filters: dict[str, str]
    limit: int
    after: tuple[Any, ...] | None
    key: str


def asked(viewer: Actor, params: Mapping[str, str]) -> Asked:
    """Invalid names the parameter that cannot be."""
    filters, limit, after = only(params, *FILTERS), limit_of(params), cursor_of(params, datetime, int)
    return Asked(filters, limit, after, f"{eyes(viewer)}?{sorted(filters.items())}{limit}{after}")


class Windows(APIView):
    @extend_schema(operation_id="list_windows", parameters=[*FILTERED, *PAGED], responses=page_of(RowShape))
    def get(self, request: Request) -> HttpResponse:
        """A page of windows. Polled with If-None-Match it costs one small query until something was done somewhere."""
        viewer, mark = actor_of(request), trail_mark()
        wanted = asked(viewer, request.query_params)
        tag = etag(wanted.key, mark)
        if unchanged(request.headers.get("If-None-Match", ""), tag):
            return HttpResponseNotModified(headers={"ETag": tag})
        answer = KEPT.get(wanted.key, mark)
        if answer is None:
            after = (wanted.after[0], wanted.after[1]) if wanted.after else None
            rows = windows(viewer, wanted.filters, limit=wanted.limit, after=after)
            answer = orjson.dumps(page(rows, wanted.limit, "starts_at", "id"), option=orjson.OPT_UTC_Z)
            KEPT.keep(wanted.key, mark, answer)
        return HttpResponse(answer, content_type="application/json", headers={"ETag": tag})

    @extend_schema(operation_id="create_draft", request=WindowAsked, responses={201: WindowShape})
    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        window = create_draft(actor, draft_from(body(WindowAsked, request)))
        answer = versioned(shown(window_view(window.pk, actor)), 201)
        answer["Location"] = f"/api/v1/windows/{window.reference}"
        return answer


class ReadWindow(APIView):
    """Reading one window; approvals add the editing."""

    @extend_schema(operation_id="read_window", responses=WindowShape)
    def get(self, request: Request, reference: str) -> Response:
        return versioned(shown(window_view(window_id_of(reference), actor_of(request))))

    @extend_schema(operation_id="discard_draft", responses={204: None})
    def delete(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        discard_draft(actor, window_view(window_id_of(reference), actor).id)
        return Response(status=204)


class Cancel(APIView):
    @extend_schema(operation_id="cancel_window", request=Reason, responses=WindowShape)
    def post(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        window = cancel_window(actor, window_id_of(reference), body(Reason, request)["reason"])
        return versioned(shown(window_view(window.pk, actor)))
