"""Shapes of calendars in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from windows.access.shapes import Shape, Text


class ReachedShape(serializers.Serializer[Any]):
    service = serializers.CharField()
    environment = serializers.CharField()
    region = serializers.CharField()
    team = serializers.CharField()


class ExternalShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    provider = serializers.CharField()
    uid = serializers.CharField()
    reference = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField(help_text="tentative, confirmed, in_process, completed or cancelled")
    impact = serializers.CharField(help_text="no_impact, reduced_redundancy, degraded, outage or unknown")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    sequence = serializers.IntegerField()
    account = serializers.CharField()
    references = serializers.ListField(child=serializers.CharField())
    objects = serializers.ListField(child=serializers.CharField())
    link = serializers.CharField()
    is_example = serializers.BooleanField()
    places = ReachedShape(many=True)
    unmapped = serializers.ListField(child=serializers.CharField())


class TakenShape(serializers.Serializer[Any]):
    announced = serializers.IntegerField()
    changed = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    older = serializers.IntegerField(help_text="Ignored: a higher SEQUENCE is known")
    incomplete = serializers.IntegerField(help_text="Kept for a person; see /notices")


class SourceShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    provider = serializers.CharField()
    url = serializers.CharField(help_text="Its host only: the rest may be a secret. Empty where it is filled by uploads")
    polled_at = serializers.DateTimeField(allow_null=True)
    succeeded_at = serializers.DateTimeField(allow_null=True)
    next_poll_at = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    is_example = serializers.BooleanField()
    standing = serializers.IntegerField()
    webhook = serializers.BooleanField(help_text="whether it has a secret that is in force")


class SourceAsked(Shape):
    name = Text(max_length=120)
    provider = Text(max_length=120)
    url = Text(max_length=1000, allow_blank=True, default="")


class ObjectAsked(Shape):
    provider = Text(max_length=120)
    object = Text(max_length=200)
    service = Text(max_length=63)
    environment = Text(max_length=63, allow_blank=True, default="")
    region = Text(max_length=63, allow_blank=True, default="")


class ObjectShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    provider = serializers.CharField()
    object = serializers.CharField()
    service = serializers.CharField()
    environment = serializers.CharField()
    region = serializers.CharField()


class NoticeShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    provider = serializers.CharField()
    uid = serializers.CharField()
    sequence = serializers.IntegerField()
    title = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField())
    raw = serializers.CharField()
    via = serializers.CharField()
    received_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class CompletedAsked(Shape):
    provider = Text(max_length=120)
    title = Text(max_length=500)
    starts_at = serializers.CharField(max_length=60)
    ends_at = serializers.CharField(max_length=60)
    status = serializers.CharField(max_length=20, required=False)
    impact = serializers.CharField(max_length=20, required=False)
    objects = serializers.ListField(child=serializers.CharField(max_length=200), max_length=500, required=False)
