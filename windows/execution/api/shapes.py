"""What a run looks like on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from windows.access.shapes import Shape, Text, names
from windows.execution.queries.views import RunView, StepView
from windows.execution.rehearsing import Rehearsal
from windows.execution.states import RunStatus, StepStatus

RUN = [(status.value, status.value) for status in RunStatus]
REHEARSAL = [(one.value, one.value) for one in Rehearsal]
STEP = [(status.value, status.value) for status in StepStatus]


class StepShape(serializers.Serializer[Any]):
    position = serializers.IntegerField()
    phase = serializers.CharField()
    name = serializers.CharField()
    sentence = serializers.CharField()
    kind = serializers.CharField()
    status = serializers.ChoiceField(STEP)
    attempt = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    undo_attempt = serializers.IntegerField()
    is_repeatable = serializers.BooleanField()
    has_undo = serializers.BooleanField()
    is_checkpoint = serializers.BooleanField()
    no_undo_reason = serializers.CharField()
    outcome = serializers.CharField()
    prompt = serializers.CharField()
    wake_at = serializers.DateTimeField(allow_null=True)
    intended_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    undo_started_at = serializers.DateTimeField(allow_null=True)
    undo_ended_at = serializers.DateTimeField(allow_null=True)
    timeout = serializers.FloatField(help_text="Seconds")
    verbs = serializers.ListField(child=serializers.CharField(), help_text="What you may do with it now; back: roll back to it")


class CheckShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    verdict = serializers.CharField()
    reason = serializers.CharField()
    evidence = serializers.DictField()
    at = serializers.DateTimeField()


class ReadingShape(serializers.Serializer[Any]):
    gate = serializers.CharField()
    position = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()
    value = serializers.FloatField(allow_null=True)
    verdict = serializers.CharField()
    is_error = serializers.BooleanField()
    reason = serializers.CharField()


class LogShape(serializers.Serializer[Any]):
    position = serializers.IntegerField()
    at = serializers.DateTimeField()
    level = serializers.CharField()
    text = serializers.CharField()


class RunRowShape(serializers.Serializer[Any]):
    """A run as lists show it."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    window = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(RUN)
    rehearsal = serializers.ChoiceField(REHEARSAL, allow_blank=True, help_text="Empty: no rehearsal")
    reason = serializers.CharField()
    started_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class RunShape(RunRowShape):
    """A run whole."""

    runbook = serializers.CharField(allow_null=True)
    runbook_version = serializers.IntegerField(allow_null=True)
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    turn_back_at = serializers.DateTimeField(allow_null=True)
    window_ends_at = serializers.DateTimeField()
    hold_until = serializers.DateTimeField(allow_null=True)
    hold_action = serializers.CharField()
    forecast_end = serializers.DateTimeField(allow_null=True)
    now = serializers.DateTimeField(help_text="The database's clock, which every deadline is judged by")
    verbs = serializers.ListField(child=serializers.CharField(), help_text="What you may do with it now")
    watch = serializers.ListField(child=serializers.DictField())
    steps = StepShape(many=True)
    checks = CheckShape(many=True)
    readings = ReadingShape(many=True)
    logs = LogShape(many=True)
    signed = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class RollBackAsked(Shape):
    reason = Text(max_length=4000)
    to = serializers.IntegerField(
        min_value=1, max_value=10_000, allow_null=True, default=None, help_text="A checkpoint that was reached; null undoes everything"
    )


class StepAsked(Shape):
    position = serializers.IntegerField(min_value=0, max_value=10_000)
    reason = Text(max_length=1000)


class RetryAsked(Shape):
    position = serializers.IntegerField(min_value=0, max_value=10_000, allow_null=True, default=None)
    reason = Text(max_length=1000, allow_blank=True, default="")


class ConfirmAsked(Shape):
    position = serializers.IntegerField(min_value=0, max_value=10_000)
    note = Text(max_length=1000, allow_blank=True, default="")


class AttestAsked(StepAsked):
    done = serializers.BooleanField(help_text="Whether it was done (for a failed compensation: whether it was undone by hand)")


def picked(row: object, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names(shape)}


def step(view: StepView) -> dict[str, Any]:
    return picked(view, StepShape)


def shown(view: RunView) -> dict[str, Any]:
    """A run as RunShape says."""
    lists = {
        "steps": [step(one) for one in view.steps],
        "checks": [picked(check, CheckShape) for check in view.checks],
        "readings": [picked(reading, ReadingShape) for reading in view.readings],
        "logs": [picked(line, LogShape) for line in view.logs],
    }
    return {name: lists[name] if name in lists else getattr(view, name) for name in names(RunShape)}
