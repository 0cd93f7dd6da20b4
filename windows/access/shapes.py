"""Shapes of request bodies: they name and check fields, save nothing, and refuse what they do not know (mass assignment)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from windows.access.requests import actor_of
from windows.errors import Invalid

S = TypeVar("S", bound="Shape")


def naming_choices(field: serializers.Field[Any, Any, Any, Any]) -> None:
    """A value that is none of the choices is answered with those that are, unless the field has words of its own."""
    while isinstance(field, serializers.ListField):
        field = field.child
    usual = serializers.ChoiceField.default_error_messages["invalid_choice"]
    if isinstance(field, serializers.ChoiceField) and field.error_messages["invalid_choice"] == usual:
        known = ", ".join(str(choice) for choice in field.choices).replace("{", "{{").replace("}", "}}")
        field.error_messages["invalid_choice"] = f"“{{input}}” is none of the choices: {known}."


class Shape(serializers.Serializer[Any]):
    """A body. An unknown field is refused by name: a field that cannot be written must not look as if it had been. A choice that is none
    is answered with those there are."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            naming_choices(field)
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            unknown = sorted(str(name) for name in data if name not in writable)
            if unknown:
                raise serializers.ValidationError({name: ["This field is unknown here or cannot be written."] for name in unknown})
        return super().to_internal_value(data)


def body(shape: type[Shape], request: Any, *, partial: bool = False) -> dict[str, Any]:
    """The checked fields of a request's body; partial: only those that were sent."""
    actor_of(request)
    if not isinstance(request.data, Mapping):
        raise Invalid("Send one JSON object.", field="body")
    asked = shape(data=request.data, partial=partial)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


class Text(serializers.CharField):
    """Text without control characters but tab and newline: they would reach logs, feeds and mails (S11)."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Write text.")
        text = str(super().to_internal_value(data))
        if any((letter < " " and letter not in "\t\n\r") or letter == "\x7f" for letter in text):
            raise serializers.ValidationError("Control characters are not accepted.")
        return text


@cache
def page_of(shape: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    """The shape of a page of rows, for the API's description."""
    name = f"{shape.__name__.removesuffix('Shape')}Page"
    return inline_serializer(name, {"items": shape(many=True), "next_cursor": serializers.CharField(allow_null=True)})


def names(shape: type[serializers.Serializer[Any]]) -> tuple[str, ...]:
    """The fields of a shape, in order: the columns a query must bring."""
    return tuple(shape._declared_fields)


class Reason(Shape):
    """Why, for the trail."""

    reason = Text(max_length=4000)
