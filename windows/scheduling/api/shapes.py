"""What windows look like on the wire. Fields are checked where they are written, by `commands.editing`; here only their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from windows.access.shapes import Shape, names
from windows.lifecycle.layers import LAYER_NAMES
from windows.lifecycle.states import ChangeType, Mode, WindowStatus
from windows.scheduling.commands.drafts import Draft, scope_row
from windows.scheduling.queries import WindowView

EXPECTED = "Each: alert, service, environment, begin and end (minutes of the window), because. A ticket then, instead of a page."
LAYERS = f"What of it is worked on: {', '.join(f'{layer} {name}' for layer, name in LAYER_NAMES.items())}"
STATUS = [(status.value, status.value) for status in WindowStatus]
MODES = [(mode.value, mode.value) for mode in Mode]
TYPES = [(kind.value, kind.value) for kind in ChangeType]


class ScopeShape(Shape):
    """One row of what a window touches; "*" means every one."""

    service = serializers.CharField(max_length=63)
    environment = serializers.CharField(max_length=63)
    region = serializers.CharField(max_length=63, default="*")
    layers = serializers.ListField(child=serializers.CharField(max_length=3), default=["L3"], max_length=10, help_text=LAYERS)
    layer = serializers.CharField(max_length=3, required=False, write_only=True, help_text="One of them, as a window is read; or `layers`")

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and {"layer", "layers"} <= set(data):
            raise serializers.ValidationError({"layer": ["Send `layer` or `layers`, not both."]})
        found = super().to_internal_value(data)
        if "layer" in found:
            found["layers"] = [found.pop("layer")]
        return found


class PlaceShape(serializers.Serializer[Any]):
    service = serializers.CharField()
    environment = serializers.CharField()
    region = serializers.CharField()
    layer = serializers.CharField()


class WindowAsked(Shape):
    title = serializers.CharField(max_length=1000)
    reason = serializers.CharField(max_length=20_000)
    team = serializers.CharField(max_length=63)
    owner_id = serializers.IntegerField()
    coordinator_id = serializers.IntegerField()
    deputy_id = serializers.IntegerField(allow_null=True, required=False)
    starts_at = serializers.CharField(max_length=60, help_text="RFC 3339, with its offset")
    ends_at = serializers.CharField(max_length=60)
    timezone = serializers.CharField(max_length=60, required=False, help_text="The window's own zone, an IANA name")
    scope = ScopeShape(many=True, max_length=200)  # type: ignore[call-arg]
    mode = serializers.ChoiceField(MODES, required=False)
    change_type = serializers.ChoiceField(TYPES, required=False)
    starts_itself = serializers.BooleanField(required=False)
    runbook_version_id = serializers.IntegerField(allow_null=True, required=False)
    parameters = serializers.DictField(required=False)
    expected_impact = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    expected_users = serializers.IntegerField(allow_null=True, required=False)
    expected_alerts = serializers.ListField(child=serializers.DictField(), max_length=20, required=False, help_text=EXPECTED)
    slack = serializers.FloatField(required=False, help_text="Share of the error budget asked for, 0 to 1")
    confidential = serializers.BooleanField(required=False)
    external_ref = serializers.CharField(max_length=200, allow_null=True, required=False)


class RowShape(serializers.Serializer[Any]):
    """A window as lists show it."""

    id = serializers.IntegerField()
    reference = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(STATUS)
    mode = serializers.ChoiceField(MODES)
    change_type = serializers.ChoiceField(TYPES)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    timezone = serializers.CharField()
    team = serializers.CharField()
    owner = serializers.CharField()
    coordinator = serializers.CharField()
    confidential = serializers.BooleanField()
    is_example = serializers.BooleanField()
    external_ref = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()
    scope = PlaceShape(many=True)


class NamedShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class WindowShape(serializers.Serializer[Any]):
    """A window whole."""

    id = serializers.IntegerField()
    reference = serializers.CharField()
    title = serializers.CharField()
    reason = serializers.CharField()
    status = serializers.ChoiceField(STATUS)
    mode = serializers.ChoiceField(MODES)
    change_type = serializers.ChoiceField(TYPES)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    timezone = serializers.CharField()
    starts_itself = serializers.BooleanField()
    team = serializers.CharField()
    owner = NamedShape()
    coordinator = NamedShape()
    deputy = NamedShape(allow_null=True)
    created_by = NamedShape()
    runbook = serializers.CharField(allow_null=True)
    runbook_version = serializers.IntegerField(allow_null=True)
    runbook_version_id = serializers.IntegerField(allow_null=True)
    parameters = serializers.DictField()
    expected_impact = serializers.CharField()
    expected_users = serializers.IntegerField(allow_null=True)
    expected_alerts = serializers.ListField(child=serializers.DictField(), help_text=EXPECTED)
    slack = serializers.FloatField()
    confidential = serializers.BooleanField()
    external_ref = serializers.CharField(allow_null=True)
    series_id = serializers.IntegerField(allow_null=True, help_text="The series it is an occurrence of")
    recurrence_id = serializers.CharField(help_text="The local time its series' rule gave it, for ever")
    is_example = serializers.BooleanField()
    version = serializers.IntegerField()
    sequence = serializers.IntegerField()
    uid = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    scope = PlaceShape(many=True)


def shown(view: WindowView) -> dict[str, Any]:
    """A window as WindowShape says."""
    row = {name: getattr(view, name) for name in names(WindowShape)}
    for name in ("owner", "coordinator", "deputy", "created_by"):
        person = row[name]
        row[name] = None if person is None else {"id": person.id, "name": person.name}
    row["scope"] = [{name: getattr(place, name) for name in ("service", "environment", "region", "layer")} for place in view.scope]
    return row


def changes_from(asked: dict[str, Any]) -> dict[str, Any]:
    """A checked body as the commands take it."""
    if "scope" in asked:
        asked["scope"] = tuple(scope_row(row, f"scope.{n}") for n, row in enumerate(asked["scope"]))
    return asked


def draft_from(asked: dict[str, Any]) -> Draft:
    return Draft(**changes_from(asked))
