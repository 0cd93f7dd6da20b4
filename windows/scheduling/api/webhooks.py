"""A provider's webhook, and its secrets. What it sends is proved by its signature alone: no token, no session."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.requests import actor_of
from windows.scheduling.api.external import FileParser
from windows.scheduling.api.external_shapes import TakenShape
from windows.scheduling.commands.calendars_in.webhooks import end_webhook_secret, hear_webhook, make_webhook_secret

SIGNED = [
    OpenApiParameter("webhook-id", str, OpenApiParameter.HEADER, required=True, description="The same at every try of one message"),
    OpenApiParameter("webhook-timestamp", int, OpenApiParameter.HEADER, required=True, description="Unix seconds of this try"),
    OpenApiParameter("webhook-signature", str, OpenApiParameter.HEADER, required=True, description="v1,base64 of HMAC-SHA256"),
]


class AnyParser(FileParser):
    """The bytes that were signed, whatever they are called."""

    media_type = "*/*"


class SecretShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    secret = serializers.CharField(help_text="whsec_…; shown this once")


class Webhook(APIView):
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (AnyParser,)

    @extend_schema(
        operation_id="hear_notices_webhook",
        parameters=SIGNED,
        request={"application/cloudevents+json": OpenApiTypes.OBJECT, "text/calendar": OpenApiTypes.BINARY},
        responses={200: TakenShape},
        auth=[],
        description=(
            "A provider's maintenance, signed as Standard Webhooks says: a calendar with MAINTNOTE, or JSON with “data”: uid, title, "
            "starts_at, ends_at, status, objects and, where known, sequence, impact, references, account, link. The same webhook-id again, "
            "signed anew, changes nothing; 401 for everything that proves nothing."
        ),
    )
    def post(self, request: Request, source_id: int) -> Response:
        raw = request.data if isinstance(request.data, bytes) else b""
        headers = {name.lower(): value for name, value in request.headers.items()}
        taken = asdict(hear_webhook(source_id, headers, raw))
        taken.pop("told")
        return Response(taken)


class WebhookSecrets(APIView):
    @extend_schema(operation_id="make_webhook_secret", request=None, responses={201: SecretShape})
    def post(self, request: Request, source_id: int) -> Response:
        row, secret = make_webhook_secret(actor_of(request), source_id)
        return Response({"id": row.pk, "secret": secret}, status=201, headers={"Cache-Control": "no-store"})


class OneWebhookSecret(APIView):
    @extend_schema(operation_id="end_webhook_secret", responses={204: None})
    def delete(self, request: Request, source_id: int, secret_id: int) -> Response:
        end_webhook_secret(actor_of(request), source_id, secret_id)
        return Response(status=204)
