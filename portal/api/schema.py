"""How the API describes itself: OpenAPI 3.1, with what every operation shares said once for all."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers


class ProblemShape(serializers.Serializer[Any]):
    """An error (RFC 9457). Some kinds carry facts beside these members."""

    type = serializers.CharField(help_text="/problems/<kind>: what a program branches on")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened, why, what to do: a sentence for people")
    instance = serializers.CharField()
    request_id = serializers.CharField()
    field = serializers.CharField(required=False, help_text="The field that is wrong or that differs")  # `errors` lists all of them


class Schema(AutoSchema):
    """Adds the idempotency key to each POST and the problem answers to each operation."""

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        if self.method == "POST":
            text = "1 to 255 characters; the same key with the same body is one act, kept for 24 hours."
            found.append(OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False, description=text))
        return found

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        problem = OpenApiResponse(ProblemShape, description="An error, as problem+json")
        wrong = self._get_response_for_code(problem, "default", media_types=["application/problem+json"], direction=direction)  # type: ignore[no-untyped-call]
        return {**bodies, "default": wrong}


class ByActorScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "portal.api.authentication.ByActor"
    name = ["token", "session"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "rw_…", "description": "A scoped, expiring token; see /api/v1/tokens."},
            {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A signed-in browser; changes need X-CSRFToken."},
        ]
