"""The alerts that every window from this runbook expects: by name, on one service, for some minutes of the window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windows.alerts.expected import LONGEST, MOST, NAME, checked, plain
from windows.errors import Invalid
from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.model import ParameterSpec, RunbookSpec
from windows.runbooks.spec.substitution import Fields, objection, put_in
from windows.texts.problems import Problem
from windows.texts.tree import Node

KEYS = ("alert", "service", "environment", "begin", "end", "because")


def read_expected(node: Node | None, declared: Mapping[str, ParameterSpec], findings: Findings) -> tuple[Mapping[str, Any], ...]:
    """As written, service and environment with their `{{ name }}`."""
    items = findings.items(node, "expected_alerts", MOST)
    return tuple(read_one(item, f"expected_alerts[{n}]", declared, findings) for n, item in enumerate(items))


def read_one(node: Node, path: str, declared: Mapping[str, ParameterSpec], findings: Findings) -> Mapping[str, Any]:
    given = findings.mapping(node, path, KEYS, required=("alert", "service", "environment", "end", "because"))
    found: dict[str, Any] = {"alert": findings.text(given.get("alert"), f"{path}.alert", pattern=NAME.pattern)}
    for name in ("service", "environment"):
        found[name] = findings.text(given.get(name), f"{path}.{name}", most=63)
        if trouble := objection(found[name], (), False, declared, Fields()):
            findings.wrong(given[name], f"{path}.{name}", trouble)
    found["begin"] = findings.integer(given.get("begin"), f"{path}.begin", least=0, most=LONGEST - 1, default=0)
    found["end"] = findings.integer(given.get("end"), f"{path}.end", least=1, most=LONGEST, default=LONGEST)
    found["because"] = findings.text(given.get("because"), f"{path}.because", most=300)
    if found["end"] <= found["begin"]:
        findings.wrong(given.get("end"), f"{path}.end", f"{found['end']} is not after {found['begin']}: minutes run from begin to end.")
    return found


def resolved(spec: RunbookSpec, values: Mapping[str, Any], problems: list[Problem]) -> tuple[Mapping[str, Any], ...]:
    """With the parameters put in; what does not fit becomes a problem."""
    declared = {one.name: one for one in spec.parameters}
    found = []
    for n, one in enumerate(spec.expected_alerts):
        told = put_in(one, values, declared, Fields())
        told |= {name: str(told[name]) for name in ("service", "environment")}  # a number may name a place
        try:
            found.append(checked(told, f"Entry {n + 1}"))
        except Invalid as error:
            problems.append(Problem(error.detail, f"expected_alerts[{n}]"))
    return tuple(plain(found))
