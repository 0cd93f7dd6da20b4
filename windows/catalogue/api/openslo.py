"""Objectives as OpenSLO documents: the same text again changes nothing, and what is wrong comes with its line."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from windows.access.paging import only
from windows.access.requests import actor_of
from windows.access.shapes import Shape, body
from windows.access.uploads import LONGEST
from windows.catalogue.commands.objectives import define_as_written
from windows.catalogue.report import YAML, document


class TextAsked(Shape):
    text = serializers.CharField(max_length=LONGEST, trim_whitespace=False, help_text="OpenSLO v1: one or more YAML documents")


class DefinedShape(serializers.Serializer[Any]):
    objective = serializers.CharField()
    version = serializers.IntegerField()
    changed = serializers.BooleanField(help_text="New, or not as it was")


class Documents(APIView):
    @extend_schema(operation_id="define_objectives_as_written", request=TextAsked, responses=DefinedShape(many=True))
    def post(self, request: Request) -> Response:
        found = define_as_written(actor_of(request), body(TextAsked, request)["text"])
        return Response([{"objective": one.slug, "version": one.version, "changed": changed} for one, changed in found])


class OneDocument(APIView):
    @extend_schema(operation_id="read_objective_as_openslo", responses={(200, YAML): OpenApiTypes.STR})
    def get(self, request: Request, slug: str) -> HttpResponse:
        only(request.query_params)
        return document(slug)
