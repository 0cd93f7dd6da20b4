"""Loops over targets: `for_each: node`, `in: [a, b, c]`. Read into steps that remember their loop; unrolled when a plan is made.

Within a batch every step is done for each of its targets before the next step: two nodes are drained, then two are upgraded. What stands
under `between`, and the `wait`, come between batches and not after the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Any

from windows.actions.durations import write_duration
from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.model import ActionSpec, LoopSpec, ParameterSpec, StepSpec
from windows.runbooks.spec.substitution import NAME, PLACE, names_in
from windows.texts.findings import listed
from windows.texts.tree import Node

LOOP_KEYS = ("for_each", "in", "batch", "wait", "steps", "between")
VARIABLE = r"[a-z][a-z0-9_]{0,39}"
TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}\Z")
SHORTEST, LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=8)
MOST = 100  # targets of one loop
LONGEST = 500  # steps of one plan
ReadStep = Callable[[Node, str, Mapping[str, ParameterSpec]], StepSpec | None]


def read_loop(
    node: Node, path: str, number: int, *, declared: Mapping[str, ParameterSpec], findings: Findings, read: ReadStep
) -> list[StepSpec]:
    """The steps of a loop, each with its LoopSpec; those under `between` are marked."""
    given = findings.mapping(node, path, LOOP_KEYS, required=["for_each", "in", "steps"])
    variable = findings.text(given.get("for_each"), f"{path}.for_each", pattern=VARIABLE, most=40)
    if variable in declared:
        findings.wrong(given["for_each"], f"{path}.for_each", f"“{variable}” is a parameter already: give the loop's target another name.")
    over = read_targets(given.get("in"), f"{path}.in", declared, findings)
    wait = findings.duration(given.get("wait"), f"{path}.wait", least=SHORTEST, most=LONGEST_WAIT)
    batch = findings.integer(given.get("batch"), f"{path}.batch", least=1, most=MOST, default=1)
    loop = LoopSpec(number, variable, over, batch, wait)
    inner = {**declared, variable: loop.variable_spec} if variable else declared
    found: list[StepSpec] = []
    for key, known, is_between in (("steps", inner, False), ("between", declared, True)):
        items = findings.items(given.get(key), f"{path}.{key}", 50)
        if key in given and given[key].content == []:
            findings.wrong(given[key], f"{path}.{key}", "At least one step is expected.")
        for n, item in enumerate(items):
            where = f"{path}.{key}[{n}]"
            if item.is_mapping and "for_each" in item.content:
                findings.wrong(item.content["for_each"].key, f"{where}.for_each", "A loop cannot stand inside a loop.")
                continue
            if step := read(item, where, known):
                check_name(step, item, where, () if is_between else (variable,), findings)
                found.append(replace(step, loop=loop, is_between=is_between))
    return found


def read_targets(node: Node | None, path: str, declared: Mapping[str, ParameterSpec], findings: Findings) -> tuple[Any, ...] | str:
    """What is gone through: values as they stand, or the name of a text parameter that holds them, separated by commas."""
    if node is None:
        return ()
    if isinstance(node.content, str):
        whole = PLACE.fullmatch(node.content.strip())
        name = NAME.match(whole[1]) if whole else None
        if name is None:
            findings.wrong(node, path, 'A list is expected, or one text parameter: "{{ nodes }}", its values separated by commas.')
        elif name[1] not in declared:
            findings.wrong(node, path, f"There is no parameter “{name[1]}”. Declared: {listed(declared) or 'none'}.")
        elif declared[name[1]].type != "string":
            findings.wrong(node, path, f"“{name[1]}” is no text: targets in a parameter are text, separated by commas.")
        else:
            return name[1]
        return ()
    values = [item.content for item in findings.items(node, path, MOST)]
    for n, value in enumerate(values):
        if trouble := objection_to(value, values[:n]):
            findings.wrong(node.content[n], f"{path}[{n}]", trouble)
            return ()
    if node.is_list and not values:
        findings.wrong(node, path, "At least one target is expected.")
    return tuple(values)


def objection_to(value: Any, before: Sequence[Any]) -> str:
    """Why a value is no target, or not beside those before it; empty where it is."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return "A target is a word or a number."
    if isinstance(value, str) and not TARGET.match(value):
        return f"“{value[:60]}” is no target: letters, digits and . _ : - are allowed."
    if value in before:
        return f"{value} stands here twice."
    if before and isinstance(value, str) != isinstance(before[0], str):
        return "Words and numbers do not go together."
    return ""


def check_name(step: StepSpec, node: Node, path: str, variables: Sequence[str], findings: Findings) -> None:
    try:
        strange = [name for name in names_in(step.name) if name not in variables]
    except ValueError as error:
        findings.wrong(node, f"{path}.name", f"{error}.")
        return
    if strange:
        findings.wrong(node, f"{path}.name", f"A name may hold the loop's target only, not “{strange[0]}”.")


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a plan to be: which, with the loop's target put in, and what sets its name apart."""

    step: StepSpec
    values: Mapping[str, Any]
    declared: Mapping[str, ParameterSpec]
    called: Callable[[str], str]


def unrolled(steps: Sequence[StepSpec], values: Mapping[str, Any]) -> Iterator[Turn]:
    """Every step in its order, each loop's as often as it has targets. ValueError names a target that is none."""
    for loop, group in groupby(steps, key=lambda step: step.loop):
        mine = list(group)
        if loop is None:
            yield from (Turn(step, {}, {}, str) for step in mine)
            continue
        targets = targets_of(loop, values)
        batches = [targets[start : start + loop.batch] for start in range(0, len(targets), loop.batch)]
        body, between = [step for step in mine if not step.is_between], [step for step in mine if step.is_between]
        for count, batch in enumerate(batches, 1):
            for step in body:
                for target in batch:
                    yield Turn(step, {loop.variable: target}, {loop.variable: loop.variable_spec}, named(loop.variable, target))
            if count < len(batches):
                part = f"({count} of {len(batches) - 1})"
                yield from (Turn(step, {}, {}, lambda name, part=part: f"{name} {part}") for step in [*rest(loop), *between])  # type: ignore[misc]


def targets_of(loop: LoopSpec, values: Mapping[str, Any]) -> list[Any]:
    if not isinstance(loop.over, str):
        return list(loop.over)
    targets = [part.strip() for part in str(values[loop.over]).split(",")]
    for n, target in enumerate(targets):
        if trouble := objection_to(target, targets[:n]):
            raise ValueError(f"{loop.over}: {trouble}")
    if len(targets) > MOST:
        raise ValueError(f"{loop.over}: {len(targets)} targets, {MOST} are the most.")
    return targets


def named(variable: str, target: Any) -> Callable[[str], str]:
    """The name with the target put in, or behind it where the name does not ask for it."""

    def called(name: str) -> str:
        asked = any(found == variable for found in names_in(name))
        return PLACE.sub(str(target), name) if asked else f"{name} ({target})"

    return called


def rest(loop: LoopSpec) -> list[StepSpec]:
    if loop.wait is None:
        return []
    action = ActionSpec("wait", {"duration": write_duration(loop.wait)})
    undo = ActionSpec("wait", action.params, "compensate")
    return [StepSpec("Let it settle", action, timeout=loop.wait + timedelta(minutes=1), undo=undo, is_repeatable=True)]
