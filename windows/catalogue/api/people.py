"""People: oneself, everybody by name, and accounts for administrators."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.access.shapes import Reason, Shape, Text, body, page_of
from windows.catalogue.commands.people import change_password, define_person, disable_person, edit_person, enable_person
from windows.catalogue.models import Person


class PersonShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    timezone = serializers.CharField()
    is_active = serializers.BooleanField()


class SelfShape(PersonShape):
    email = serializers.EmailField()
    wants_digest = serializers.BooleanField(help_text="The weekly review by mail")
    roles = serializers.ListField(child=serializers.DictField(), help_text="[{team, role}]")
    administrator = serializers.BooleanField()
    scopes = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="Of the token used; null in a browser")


class SelfAsked(Shape):
    name = Text(max_length=120)
    timezone = serializers.CharField(max_length=60)
    wants_digest = serializers.BooleanField()


class PasswordAsked(Shape):
    password = serializers.CharField(min_length=12, max_length=200, trim_whitespace=False)


class PersonAsked(Shape):
    email = serializers.EmailField(max_length=254)
    name = Text(max_length=120)
    timezone = serializers.CharField(max_length=60, default="UTC")
    password = serializers.CharField(max_length=200, required=False, trim_whitespace=False)


def self_of(actor: Actor) -> dict[str, Any]:
    row = Person.objects.values("id", "name", "email", "timezone", "is_active", "wants_digest").get(pk=actor.person_id or 0)
    roles = [{"team": team, "role": role.value} for team, role in sorted(actor.roles)]
    scopes = None if actor.scopes is None else sorted(actor.scopes)
    return {**row, "roles": roles, "administrator": actor.administrator, "scopes": scopes}


class Me(APIView):
    @extend_schema(operation_id="read_self", responses=SelfShape)
    def get(self, request: Request) -> Response:
        only(request.query_params)
        return Response(self_of(actor_of(request)))

    @extend_schema(operation_id="edit_self", request=SelfAsked, responses=SelfShape)
    def patch(self, request: Request) -> Response:
        actor = actor_of(request)
        edit_person(actor, actor.person_id or 0, body(SelfAsked, request, partial=True))
        return Response(self_of(actor))


class MyPassword(APIView):
    @extend_schema(operation_id="change_own_password", request=PasswordAsked, responses={204: None})
    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        change_password(actor, actor.person_id or 0, body(PasswordAsked, request)["password"])
        return Response(status=204)


class People(APIView):
    @extend_schema(operation_id="list_people", responses=page_of(PersonShape))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, int)
        rows = Person.objects.filter(pk__gt=after[0] if after else 0).order_by("id")
        shown = [dict(row) for row in rows.values("id", "name", "timezone", "is_active")[: limit + 1]]
        return Response(page(shown, limit, "id"))

    @extend_schema(operation_id="define_person", request=PersonAsked, responses={201: PersonShape})
    def post(self, request: Request) -> Response:
        person = define_person(actor_of(request), **body(PersonAsked, request))
        row = {"id": person.pk, "name": person.name, "timezone": person.timezone, "is_active": person.is_active}
        return Response(row, status=201)


class Disabled(APIView):
    @extend_schema(operation_id="disable_person", request=Reason, responses={204: None})
    def post(self, request: Request, person_id: int) -> Response:
        disable_person(actor_of(request), person_id, body(Reason, request)["reason"])
        return Response(status=204)


class Enabled(APIView):
    @extend_schema(operation_id="enable_person", request=None, responses={204: None})
    def post(self, request: Request, person_id: int) -> Response:
        enable_person(actor_of(request), person_id)
        return Response(status=204)
