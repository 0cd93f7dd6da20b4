"""A runbook's typed parameters: how they are declared, and whether a value fits."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, get_args

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.model import ParameterSpec, ParameterType
from windows.texts.findings import CONTROLS, listed
from windows.texts.tree import Node

TYPES = get_args(ParameterType)
NAME = r"[a-z][a-z0-9_]{0,39}"
KNOWN = ("type", "default", "minimum", "maximum", "choices", "pattern", "description")
LONGEST = 2000
LARGEST_INTEGER = 2**53  # beyond it JSON readers disagree


def read_parameters(node: Node | None, findings: Findings) -> tuple[ParameterSpec, ...]:
    if node is None:
        return ()
    if not node.is_mapping:
        findings.wrong(node, "parameters", "A mapping is expected: a name, and under it its type.")
        return ()
    return tuple(read_parameter(name, entry.key, entry.value, findings) for name, entry in node.content.items())


def read_parameter(name: str, key: Node, node: Node, findings: Findings) -> ParameterSpec:
    path = f"parameters.{name}"
    findings.text(key, path, pattern=NAME, most=40)
    given = findings.mapping(node, path, KNOWN, required=["type"])
    kind = findings.choice(given.get("type"), f"{path}.type", TYPES, "string")
    misplaced = {
        "minimum": kind not in ("integer", "number"),
        "maximum": kind not in ("integer", "number"),
        "choices": kind != "enum",
        "pattern": kind != "string",
    }
    for field, is_misplaced in misplaced.items():
        if field in given and is_misplaced:
            findings.wrong(given[field], f"{path}.{field}", f"“{field}” means nothing for the type {kind}.")
    choices = tuple(
        findings.text(item, f"{path}.choices[{n}]", most=100)
        for n, item in enumerate(findings.items(given.get("choices"), f"{path}.choices", 100))
    )
    if kind == "enum" and not choices:
        findings.wrong(node, f"{path}.choices", "“choices” is missing: an enum lists what may be chosen.")
    spec = ParameterSpec(
        name=name,
        type=kind,  # type: ignore[arg-type]  # findings.choice answers one of TYPES
        minimum=bound(given.get("minimum"), f"{path}.minimum", findings),
        maximum=bound(given.get("maximum"), f"{path}.maximum", findings),
        choices=choices,
        pattern=usable_pattern(given.get("pattern"), f"{path}.pattern", findings),
        description=findings.text(given.get("description"), f"{path}.description", least=0, most=1000),
    )
    if spec.minimum is not None and spec.maximum is not None and spec.minimum > spec.maximum:
        findings.wrong(given["maximum"], f"{path}.maximum", f"The maximum is below the minimum, {spec.minimum:g}.")
    if "default" not in given:
        return spec
    default = given["default"].plain()
    if trouble := misfit(spec, default):
        findings.wrong(given["default"], f"{path}.default", trouble)
        default = None
    return ParameterSpec(name, spec.type, default, spec.minimum, spec.maximum, spec.choices, spec.pattern, spec.description)


def bound(node: Node | None, path: str, findings: Findings) -> float | None:
    if node is None:
        return None
    if isinstance(node.content, int | float) and not isinstance(node.content, bool):
        return node.content
    findings.wrong(node, path, "A number is expected.")
    return None


def matching(pattern: str) -> TypeAdapter[str]:
    """pydantic's patterns are matched in linear time: a hostile one costs nothing."""
    return TypeAdapter(Annotated[str, StringConstraints(pattern=rf"^(?:{pattern})$", strict=True)])


def usable_pattern(node: Node | None, path: str, findings: Findings) -> str:
    pattern = findings.text(node, path, most=200)
    try:
        if pattern:
            matching(pattern)
    except (SchemaError, ValueError):
        findings.wrong(node, path, "This is no regular expression (of the kind without look-around and back-references).")
        return ""
    return pattern


def misfit(spec: ParameterSpec, value: Any) -> str:
    """Why the value does not fit the parameter, saying what would; empty where it does."""
    shown = json.dumps(value, default=str)[:60]
    if spec.type == "boolean":
        return "" if isinstance(value, bool) else f"true or false is expected, not {shown}."
    if spec.type in ("integer", "number"):
        return misfit_number(spec, value, shown)
    if not isinstance(value, str):
        return f"Text is expected, not {shown}."
    if spec.type == "enum":
        return "" if value in spec.choices else f"{shown} is none of the choices: {listed(spec.choices)}."
    if len(value) > LONGEST:
        return f"The text is longer than {LONGEST} characters."
    if CONTROLS.search(value) or any(c in value for c in "\n\t\x85\u2028\u2029") or any("\ud800" <= c <= "\udfff" for c in value):
        return "Line breaks and control characters are not allowed."
    if spec.pattern:
        try:
            matching(spec.pattern).validate_python(value)
        except ValidationError:
            return misfit_pattern(spec, shown)
    return ""


def misfit_pattern(spec: ParameterSpec, shown: str) -> str:
    """By what it is to look like; the pattern itself, which few can read, comes last."""
    if spec.default is not None:
        return f"{shown} must look like {spec.default} (pattern: {spec.pattern})."
    wanted = f": {spec.description.rstrip('.')}" if spec.description else ""
    return f"{shown} does not look as it must{wanted} (pattern: {spec.pattern})."


def misfit_number(spec: ParameterSpec, value: Any, shown: str) -> str:
    allowed = int if spec.type == "integer" else int | float
    if isinstance(value, bool) or not isinstance(value, allowed) or not math.isfinite(value) or abs(value) > LARGEST_INTEGER:
        return f"{'A whole number' if spec.type == 'integer' else 'A number'} is expected, not {shown}."
    if spec.minimum is not None and value < spec.minimum:
        return f"{shown} is below the minimum, {spec.minimum:g}."
    if spec.maximum is not None and value > spec.maximum:
        return f"{shown} is above the maximum, {spec.maximum:g}."
    return ""
