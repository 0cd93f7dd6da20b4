"""Teams and who is in them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import F, Q
from django.db.models.functions import JSONObject
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import cursor_of, limit_of, only, page
from windows.access.requests import actor_of
from windows.access.roles import Role
from windows.access.shapes import Shape, Text, body, page_of
from windows.catalogue.commands.teams import add_membership, define_team, remove_membership
from windows.catalogue.models import Team
from windows.errors import NotFound

ROLES = [(role.value, role.value) for role in Role if role is not Role.ADMINISTRATOR]


class MemberShape(serializers.Serializer[Any]):
    person_id = serializers.IntegerField()
    name = serializers.CharField()
    role = serializers.ChoiceField(ROLES)


class TeamShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    members = MemberShape(many=True)


class TeamAsked(Shape):
    slug = serializers.RegexField(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
    name = Text(max_length=120)


class MemberAsked(Shape):
    person_id = serializers.IntegerField(min_value=1)
    role = serializers.ChoiceField(ROLES)


def teams(**wanted: Any) -> Any:
    """Rows of teams with their members, by slug."""
    member = JSONObject(person_id="memberships__person_id", name="memberships__person__name", role="memberships__role")
    members = JSONBAgg(
        member, filter=Q(memberships__isnull=False), default=[], order_by=[F("memberships__person__name"), F("memberships__role")]
    )
    return Team.objects.filter(**wanted).annotate(members=members).order_by("id").values("id", "slug", "name", "members")


class Teams(APIView):
    @extend_schema(operation_id="list_teams", responses=page_of(TeamShape))
    def get(self, request: Request) -> Response:
        only(request.query_params)
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, int)
        rows = list(teams(pk__gt=after[0] if after else 0)[: limit + 1])
        return Response(page(rows, limit, "id"))

    @extend_schema(operation_id="define_team", request=TeamAsked, responses={201: TeamShape})
    def post(self, request: Request) -> Response:
        asked = body(TeamAsked, request)
        team = define_team(actor_of(request), asked["slug"], asked["name"])
        return Response(teams(pk=team.pk).get(), status=201)


class OneTeam(APIView):
    @extend_schema(operation_id="read_team", responses=TeamShape)
    def get(self, request: Request, slug: str) -> Response:
        row = teams(slug=slug).first()
        if row is None:
            raise NotFound(f"There is no team {slug} here.")
        return Response(row)


class Members(APIView):
    @extend_schema(operation_id="add_membership", request=MemberAsked, responses={201: TeamShape})
    def post(self, request: Request, slug: str) -> Response:
        asked = body(MemberAsked, request)
        add_membership(actor_of(request), slug, asked["person_id"], asked["role"])
        return Response(teams(slug=slug).get(), status=201)


class OneMember(APIView):
    @extend_schema(operation_id="remove_membership", responses={204: None})
    def delete(self, request: Request, slug: str, person_id: int, role: str) -> Response:
        remove_membership(actor_of(request), slug, person_id, role)
        return Response(status=204)
