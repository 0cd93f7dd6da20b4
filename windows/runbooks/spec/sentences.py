"""A runbook as people read it: each step a sentence of its action kind, and how it is undone.

What a window will say is put in by its default; a text without one is shown by its name in angle quotes, or else as a sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from windows.actions.measurement import CODE, Gate
from windows.actions.params import Params
from windows.actions.registry import kinds
from windows.runbooks.spec.actions import fit, sample
from windows.runbooks.spec.model import ActionSpec, LoopSpec, ParameterSpec, RunbookSpec, StepSpec, WatchSpec
from windows.runbooks.spec.steps import fields_of
from windows.runbooks.spec.substitution import PLACE, Fields, put_in

M = TypeVar("M", bound=Params)


@dataclass(frozen=True, slots=True)
class ToldStep:
    """`undo` is a sentence, "" where nothing is undone; then `because` says why. `each` tells how often it is done, "" where once."""

    name: str
    each: str
    kind: str
    sentence: str
    undo: str
    because: str
    timeout: timedelta
    attempts: int
    line: int | None


@dataclass(frozen=True, slots=True)
class ToldGate:
    name: str
    sentence: str
    interval: timedelta


@dataclass(frozen=True, slots=True)
class Story:
    """`open_names` are the parameters a window must give: where they stand in a sentence, their name is written."""

    steps: tuple[ToldStep, ...]
    validation: tuple[ToldStep, ...]
    watch: tuple[ToldGate, ...]
    open_names: tuple[str, ...]


def story(spec: RunbookSpec) -> Story:
    """Pure and total: a step whose params cannot be read any more says its kind."""
    declared = {one.name: one for one in spec.parameters}
    return Story(
        tuple(told(step, declared) for step in spec.steps),
        tuple(told(step, declared) for step in spec.validation),
        tuple(told_gate(gate, declared) for gate in spec.watch),
        tuple(one.name for one in spec.parameters if one.default is None),
    )


def told(step: StepSpec, declared: Mapping[str, ParameterSpec]) -> ToldStep:
    undo, name, each = "", step.name, ""
    if step.loop is not None:
        target, known = step.loop.variable, step.loop.variable_spec
        declared = {**declared, target: ParameterSpec(target, "string") if known.type == "enum" else known}
        name, each = PLACE.sub(f"‹{target}›", name), "between two batches" if step.is_between else rounds(step.loop)
    if step.undo is not None:
        undo = kinds()[step.undo.kind].undone if step.undo.verb == "compensate" else sentence(step.undo, declared)
    return ToldStep(
        name, each, step.action.kind, sentence(step.action, declared), undo, step.no_undo_reason, step.timeout, step.max_attempts, step.line
    )


def rounds(loop: LoopSpec) -> str:
    """For each of what a step is done."""
    over = f"‹{loop.over}›" if isinstance(loop.over, str) else ", ".join(map(str, loop.over))
    return f"for each {loop.variable}: {over}{f', {loop.batch} at a time' if loop.batch > 1 else ''}"


def sentence(action: ActionSpec, declared: Mapping[str, ParameterSpec]) -> str:
    """What the kind says of these params."""
    kind = kinds()[action.kind]
    model = read(kind.params, action.params, declared, fields_of(kind))
    return kind.sentence(model) if model is not None else kind.summary


def told_gate(gate: WatchSpec, declared: Mapping[str, ParameterSpec]) -> ToldGate:
    model = read(Gate, gate.gate, declared, Fields(CODE))
    otherwise = "roll back" if gate.on_fail == "roll_back" else "hold"
    told = model.spec().passing.words(is_share=model.is_share) if model else ""
    said = f"{model.source} stays {told}, else {otherwise}" if model else f"else {otherwise}"
    return ToldGate(gate.name, said, gate.interval)


def read(schema: type[M], params: Mapping[str, Any], declared: Mapping[str, ParameterSpec], fields: Fields) -> M | None:
    """The params with names, then plain names, then samples in the open places: the first that the schema takes."""
    for open_text in (lambda one: f"‹{one.name}›", lambda one: one.name, sample):
        values = {name: one.default if one.default is not None else shown(one, open_text) for name, one in declared.items()}
        model, _ = fit(schema, put_in(params, values, declared, Fields(fields.code)))
        if isinstance(model, schema):
            return model
    return None


def shown(one: ParameterSpec, open_text: Any) -> Any:
    return open_text(one) if one.type == "string" else sample(one)
