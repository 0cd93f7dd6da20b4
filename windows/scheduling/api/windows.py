"""Windows: list, file a draft, read, call off, throw away. Editing and everything about approval is one slice up."""

from __future__ import annotations

from datetime import datetime

import orjson
from django.http import HttpResponse, HttpResponseNotModified
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.shapes import Reason, body, page_of
from windows.access.versions import versioned
from windows.audit.queries import trail_mark
from windows.scheduling.api.kept import Kept, etag, eyes, unchanged
from windows.scheduling.api.shapes import RowShape, WindowAsked, WindowShape, draft_from, shown
from windows.scheduling.commands.drafts import cancel_window, create_draft, discard_draft
from windows.scheduling.queries import window_view
from windows.scheduling.queries.listing import FILTERS, windows
from windows.scheduling.queries.windows import window_id_of

FILTERED = [OpenApiParameter(name, str) for name in FILTERS]
KEPT = Kept()
PAGED = [OpenApiParameter("cursor", str), OpenApiParameter("limit", int)]


class Windows(APIView):
    @extend_schema(operation_id="list_windows", parameters=[*FILTERED, *PAGED], responses=page_of(RowShape))
    def get(self, request: Request) -> HttpResponse:
        """A page of windows. Polled with If-None-Match it costs one small query until something was done somewhere."""
        filters = only(request.query_params, *FILTERS)
        limit = limit_of(request.query_params)
        after = cursor_of(request.query_params, datetime, int)
        viewer, mark = actor_of(request), trail_mark()
        key = f"{eyes(viewer)}?{sorted(filters.items())}{limit}{after}"
        tag = etag(key, mark)
        if unchanged(request.headers.get("If-None-Match", ""), tag):
            return HttpResponseNotModified(headers={"ETag": tag})
        answer = KEPT.get(key, mark)
        if answer is None:
            rows = windows(viewer, filters, limit=limit, after=(after[0], after[1]) if after else None)
            answer = orjson.dumps(page(rows, limit, "starts_at", "id"), option=orjson.OPT_UTC_Z)
            KEPT.keep(key, mark, answer)
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
