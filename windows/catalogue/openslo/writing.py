"""From the values of an objective to its OpenSLO document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from windows.catalogue.openslo.words import COUNTED, PREFIX, VERSION
from windows.texts.tree import scalar


def write(one: Mapping[str, Any]) -> str:
    """The YAML of one objective; `read` yields the same values again."""
    yaml = YAML(typ="rt", pure=True)
    yaml.width, yaml.allow_unicode, yaml.default_flow_style = 2**20, True, False
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(quoted(document(one)), out)
    return out.getvalue()


def document(one: Mapping[str, Any]) -> dict[str, Any]:
    notes = {"environment": one["environment"], "maintenance": one["maintenance"], "critical": str(one["is_critical"]).lower()}
    metadata = {"name": one["slug"], "displayName": one["title"]}
    if one["labels"]:
        metadata["labels"] = dict(one["labels"])
    metadata["annotations"] = {PREFIX + name: value for name, value in notes.items()}
    objective: dict[str, Any] = {"target": number(one["target"])}
    if "value" in one["query"]:
        objective |= {"op": one["query"]["op"], "value": float(one["query"]["threshold"])}
    if one["slice_minutes"]:
        objective |= {"timeSliceTarget": number(one["slice_target"]), "timeSliceWindow": f"{one['slice_minutes']}m"}
    spec: dict[str, Any] = {"description": one["description"]} if one["description"] else {}
    spec |= {
        "service": one["service"],
        "indicator": {"metadata": {"name": one["slug"]}, "spec": indicator(one["source"], one["query"])},
        "timeWindow": [period(one)],
        "budgetingMethod": "Timeslices" if one["slice_minutes"] else "Occurrences",
        "objectives": [objective],
    }
    if one["rules"]:
        spec["alertPolicies"] = [policy(one["slug"], one["rules"])]
    return {"apiVersion": VERSION, "kind": "SLO", "metadata": metadata, "spec": spec}


def number(value: Decimal | float) -> float:
    return float(value)


def period(one: Mapping[str, Any]) -> dict[str, Any]:
    if told := one["calendar"]:
        calendar = {"startTime": told["start"], "timeZone": told["zone"]}
        return {"duration": f"{told['count']}{told['unit']}", "isRolling": False, "calendar": calendar}
    return {"duration": f"{one['window_days']}d", "isRolling": True}


def indicator(source: str, query: Mapping[str, str]) -> dict[str, Any]:
    if "value" in query:
        return {"thresholdMetric": metric(source, query["value"])}
    if not query:
        return {"ratioMetric": {"counter": False, "good": metric(source, ""), "total": metric(source, "")}}
    found = {name: COUNTED.match(text) for name, text in query.items()}
    told: dict[str, Any] = {"counter": all(found.values())}
    for name in ("good", "bad", "total"):
        if name in query:
            match = found[name]
            told[name] = metric(source, match["selector"] if match and told["counter"] else query[name])
    return {"ratioMetric": told}


def metric(source: str, query: str) -> dict[str, Any]:
    return {"metricSource": {"type": source, **({"spec": {"query": query}} if query else {})}}


def policy(slug: str, rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "kind": "AlertPolicy",
        "metadata": {"name": f"{slug}-burns"[:63].rstrip("-")},
        "spec": {"alertWhenBreaching": True, "conditions": [condition(one, n) for n, one in enumerate(rules, start=1)]},
    }


def condition(rule: Mapping[str, Any], position: int) -> dict[str, Any]:
    return {
        "kind": "AlertCondition",
        "metadata": {"name": f"burn-{position}", "annotations": {f"{PREFIX}short-window": rule["short"]}},
        "spec": {
            "severity": rule["urgency"],
            "condition": {
                "kind": "burnrate", "op": "gte", "threshold": rule["factor"], "lookbackWindow": rule["long"], "alertAfter": rule["short"],
            },
        },
    }  # fmt: skip


def quoted(value: Any) -> Any:
    """Text that would be read as something else stands in quotes; several lines stand as lines."""
    if isinstance(value, dict):
        return {quoted(key): quoted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [quoted(inner) for inner in value]
    if isinstance(value, str) and (scalar(value) != value or not value.isprintable()):
        plain = value.replace("\n", "")
        is_block = value != plain and plain.isprintable() and all(line and line == line.strip() for line in value.split("\n"))
        return LiteralScalarString(value) if is_block else DoubleQuotedScalarString(value)
    return value
