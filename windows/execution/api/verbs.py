"""The verbs over a run, each a POST. Every one answers with the run as it stands then."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.access.shapes import Reason, Shape, Text, body
from windows.execution.api.shapes import AttestAsked, ConfirmAsked, RetryAsked, RollBackAsked, RunShape, StepAsked, shown
from windows.execution.commands import aborting, holding, steps
from windows.execution.queries.views import run_view


class ResumeAsked(Shape):
    reason = Text(max_length=1000, allow_blank=True, default="")


def after(request: Request, run_id: int) -> Response:
    return Response(shown(run_view(run_id, actor_of(request))))


class Hold(APIView):
    @extend_schema(operation_id="hold_run", request=Reason, responses=RunShape)
    def post(self, request: Request, run_id: int) -> Response:
        holding.hold(actor_of(request), run_id, body(Reason, request)["reason"])
        return after(request, run_id)


class Resume(APIView):
    @extend_schema(operation_id="resume_run", request=ResumeAsked, responses=RunShape)
    def post(self, request: Request, run_id: int) -> Response:
        holding.resume(actor_of(request), run_id, body(ResumeAsked, request)["reason"])
        return after(request, run_id)


class RollBack(APIView):
    @extend_schema(
        operation_id="roll_back_run",
        request=RollBackAsked,
        responses=RunShape,
        description="Undoes every touched step; with `to`, the position of a checkpoint that was reached, only those after it.",
    )
    def post(self, request: Request, run_id: int) -> Response:
        asked = body(RollBackAsked, request)
        holding.roll_back(actor_of(request), run_id, asked["reason"], asked["to"])
        return after(request, run_id)


class Abort(APIView):
    @extend_schema(
        operation_id="abort_run",
        request=Reason,
        responses=RunShape,
        description="The second of two people ends the run; nothing is compensated.",
    )
    def post(self, request: Request, run_id: int) -> Response:
        aborting.abort(actor_of(request), run_id, body(Reason, request)["reason"])
        return after(request, run_id)


class Skip(APIView):
    @extend_schema(operation_id="skip_step", request=StepAsked, responses=RunShape)
    def post(self, request: Request, run_id: int) -> Response:
        asked = body(StepAsked, request)
        steps.skip(actor_of(request), run_id, asked["position"], asked["reason"])
        return after(request, run_id)


class Retry(APIView):
    @extend_schema(operation_id="retry_step", request=RetryAsked, responses=RunShape)
    def post(self, request: Request, run_id: int) -> Response:
        asked = body(RetryAsked, request)
        steps.retry(actor_of(request), run_id, asked["position"], asked["reason"])
        return after(request, run_id)


class Confirm(APIView):
    @extend_schema(operation_id="confirm_step", request=ConfirmAsked, responses=RunShape)
    def post(self, request: Request, run_id: int) -> Response:
        asked = body(ConfirmAsked, request)
        steps.confirm(actor_of(request), run_id, asked["position"], asked["note"])
        return after(request, run_id)


class Attest(APIView):
    @extend_schema(operation_id="attest_step", request=AttestAsked, responses=RunShape)
    def post(self, request: Request, run_id: int) -> Response:
        asked = body(AttestAsked, request)
        steps.attest(actor_of(request), run_id, asked["position"], asked["done"], asked["reason"])
        return after(request, run_id)
