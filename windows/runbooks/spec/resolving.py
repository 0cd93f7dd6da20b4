"""From a RunbookSpec and a window's parameters to the Plan a run copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from windows.actions.measurement import CODE, Gate
from windows.actions.params import Params
from windows.actions.registry import kinds
from windows.runbooks.spec.actions import Declared, dotted, fit
from windows.runbooks.spec.ends import proofs
from windows.runbooks.spec.expecting import resolved
from windows.runbooks.spec.loops import LONGEST, unrolled
from windows.runbooks.spec.model import ActionSpec, LeftoverSpec, Plan, RunbookSpec, StepSpec, WatchSpec
from windows.runbooks.spec.parameters import misfit
from windows.runbooks.spec.steps import fields_of, settle
from windows.runbooks.spec.substitution import Fields, put_in
from windows.texts.findings import listed, near
from windows.texts.problems import Problem, SpecError

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Given:
    values: Mapping[str, Any]
    declared: Declared
    problems: list[Problem]


def resolve(spec: RunbookSpec, given: Mapping[str, Any]) -> Plan:
    """The plan with the parameters put in. SpecError names each parameter, or step, that does not fit."""
    values = values_of(spec, given)
    told = Given(values, {parameter.name: parameter for parameter in spec.parameters}, [])
    steps = [step for path, group in (("steps", spec.steps), ("validation", spec.validation)) for step in resolve_steps(group, path, told)]
    check_plan(steps, told)
    watch = [resolve_gate(gate, f"watch[{place}]", told) for place, gate in enumerate(spec.watch)]
    expected = resolved(spec, values, told.problems)
    if told.problems:
        raise SpecError(told.problems)
    return Plan((*steps, *proofs(steps)), tuple(watch), spec.rollback_reserve, spec.on_turn_back, values, expected)


def leftovers_of(spec: RunbookSpec, given: Mapping[str, Any]) -> list[LeftoverSpec]:
    """What a success leaves behind, named with the parameters put in. SpecError where they do not fit."""
    values, declared = values_of(spec, given), {one.name: one for one in spec.parameters}
    told = spec.cost.leftovers if spec.cost else ()
    return [replace(one, what=str(put_in(one.what, values, declared, Fields()))[:150]) for one in told]


def resolve_steps(steps: Sequence[StepSpec], path: str, given: Given) -> Iterator[StepSpec]:
    """Loops unrolled, everything put in."""
    try:
        for place, turn in enumerate(unrolled(steps, given.values)):
            mine = Given({**given.values, **turn.values}, {**given.declared, **turn.declared}, given.problems)
            resolved = resolve_step(turn.step, f"{path}[{place}]", mine)
            stopped, resumed = (turn.called(what) if what else "" for what in (resolved.quiesces, resolved.resumes))
            name = turn.called(resolved.name)
            yield replace(resolved, name=name, quiesces=stopped, resumes=resumed, loop=None, is_between=False)
    except ValueError as error:
        given.problems.append(Problem(str(error), "parameters"))


def check_plan(steps: Sequence[StepSpec], given: Given) -> None:
    """What only the targets can make wrong."""
    if len(steps) > LONGEST:
        given.problems.append(Problem(f"{len(steps)} steps come of these targets, {LONGEST} are the most.", "steps"))
    for name, count in Counter(step.name for step in steps).items():
        if count > 1 or len(name) > LONGEST_NAME:
            last = next(step for step in steps if step.name == name)
            trouble = f"Two steps are called “{name}”." if count > 1 else f"“{name[:60]}…” is longer than {LONGEST_NAME} characters."
            given.problems.append(Problem(trouble, "steps", last.line))


def values_of(spec: RunbookSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter's value, given or default."""
    names = [parameter.name for parameter in spec.parameters]
    problems = [
        Problem(
            f"There is no parameter “{str(name)[:60]}”.{near(str(name), names)} Declared: {listed(names) or 'none'}.",
            f"parameters.{str(name)[:60]}",
        )
        for name in given
        if name not in names
    ]
    values: dict[str, Any] = {}
    for parameter in spec.parameters:
        value = given.get(parameter.name, parameter.default)
        if value is None:
            problems.append(Problem(f"“{parameter.name}” must be given.", f"parameters.{parameter.name}"))
        elif trouble := misfit(parameter, value):
            problems.append(Problem(f"{parameter.name}: {trouble}", f"parameters.{parameter.name}"))
        values[parameter.name] = value
    if problems:
        raise SpecError(problems)
    return values


def made(
    schema: type[Params],
    params: Mapping[str, Any],
    fields: Fields,
    *,
    at: tuple[str, int | None],
    given: Given,
) -> Params | None:
    """The model with the values put in; what does not fit becomes a problem at this path and line."""
    model, objections = fit(schema, put_in(params, given.values, given.declared, fields))
    given.problems.extend(Problem(each.message, dotted(at[0], each.path), at[1]) for each in objections)
    return model


def resolve_step(step: StepSpec, path: str, given: Given) -> StepSpec:
    kind = kinds()[step.action.kind]
    model = made(kind.params, step.action.params, fields_of(kind), at=(f"{path}.{kind.name}", step.line), given=given)
    if model is None:
        return step
    timeout, is_repeatable = settle(kind, model, step.said_timeout, step.said_repeatable)
    if kind.needs(model) > timeout:
        given.problems.append(Problem("The timeout is shorter than what the step takes.", f"{path}.timeout", step.line))
    action = ActionSpec(kind.name, model.model_dump(mode="json"))
    undo = step.undo
    if undo and undo.verb == "compensate":
        undo = ActionSpec(kind.name, action.params, "compensate")
    elif undo:
        other = kinds()[undo.kind]
        undoing = made(other.params, undo.params, fields_of(other), at=(f"{path}.undo.{undo.kind}", step.line), given=given)
        undo = replace(undo, params=undoing.model_dump(mode="json")) if undoing else undo
    return replace(step, action=action, undo=undo, timeout=timeout, is_repeatable=is_repeatable, sentence=kind.sentence(model))


def resolve_gate(gate: WatchSpec, path: str, given: Given) -> WatchSpec:
    model = made(Gate, gate.gate, Fields(CODE), at=(path, gate.line), given=given)
    return replace(gate, gate=model.model_dump(mode="json")) if model else gate
