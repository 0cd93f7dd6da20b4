"""One's own API tokens. The secret is in the answer to its issue and nowhere else."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.roles import Verb
from windows.access.shapes import Shape, Text, body
from windows.catalogue.commands.tokens import issue_token, revoke_token
from windows.catalogue.models import ApiToken

FIELDS = ("id", "name", "hint", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")


class TokenShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="The first characters, to recognise it by")
    scopes = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewTokenShape(TokenShape):
    secret = serializers.CharField(help_text="Shown this once")


UNKNOWN = "There is no scope “{input}”. Scopes are: " + ", ".join(sorted(verb.value for verb in Verb)) + "."


class Scope(serializers.ChoiceField):
    """A verb of the role table; who writes another is told which there are."""

    def __init__(self) -> None:
        super().__init__([(verb.value, verb.value) for verb in Verb], error_messages={"invalid_choice": UNKNOWN})


class TokenAsked(Shape):
    name = Text(max_length=120)
    scopes = serializers.ListField(child=Scope(), min_length=1, max_length=60)
    expires_at = serializers.DateTimeField()


class Tokens(APIView):
    @extend_schema(operation_id="list_own_tokens", responses=TokenShape(many=True))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response(list(ApiToken.objects.filter(person_id=actor_of(request).person_id or 0).order_by("-id").values(*FIELDS)[:200]))

    @extend_schema(operation_id="issue_token", request=TokenAsked, responses={201: NewTokenShape})
    def post(self, request: Request) -> Response:
        asked = body(TokenAsked, request)
        token, secret = issue_token(actor_of(request), asked["name"], asked["scopes"], asked["expires_at"])
        row = ApiToken.objects.values(*FIELDS).get(pk=token.pk)
        return Response({**row, "secret": secret}, status=201, headers={"Cache-Control": "no-store"})


class OneToken(APIView):
    @extend_schema(operation_id="revoke_token", responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        revoke_token(actor_of(request), token_id)
        return Response(status=204)
