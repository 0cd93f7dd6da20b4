"""Runs: start one, read them."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, known_only, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.shapes import names, page_of
from windows.execution.api.shapes import RunRowShape, RunShape, shown
from windows.execution.commands.starting import start_run
from windows.execution.queries.rows import run_rows
from windows.execution.queries.views import run_view
from windows.execution.states import RunStatus
from windows.scheduling.queries import window_id_of, window_view


class Start(APIView):
    @extend_schema(operation_id="start_run", request=None, responses={201: RunShape})
    def post(self, request: Request, reference: str) -> Response:
        actor = actor_of(request)
        run = start_run(actor, window_view(window_id_of(reference), actor).id)
        return Response(shown(run_view(run.pk, actor)), status=201, headers={"Location": f"/api/v1/runs/{run.pk}"})


class Runs(APIView):
    @extend_schema(
        operation_id="list_runs",
        parameters=[OpenApiParameter(name, str) for name in ("window", "status", "cursor")] + [OpenApiParameter("limit", int)],
        responses=page_of(RunRowShape),
        description="The newest first.",
    )
    def get(self, request: Request) -> Response:
        wanted = only(request.query_params, "window", "status")
        limit, before = limit_of(request.query_params), cursor_of(request.query_params, int)
        statuses = wanted["status"].split(",") if "status" in wanted else []
        known_only(statuses, RunStatus, "status")
        window = window_id_of(wanted["window"]) if "window" in wanted else None
        rows = run_rows(actor_of(request), limit=limit, before=before[0] if before else None, window=window, statuses=statuses)
        return Response(page([{name: row[name] for name in names(RunRowShape)} for row in rows], limit, "id"))


class OneRun(APIView):
    @extend_schema(operation_id="read_run", responses=RunShape)
    def get(self, request: Request, run_id: int) -> Response:
        return Response(shown(run_view(run_id, actor_of(request))))
