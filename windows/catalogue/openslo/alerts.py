"""Alert policies of an SLO as burn-rate rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from slo.burn_rate import WINDOWS
from windows.catalogue.openslo.periods import MINUTES, length
from windows.catalogue.openslo.stream import Stream
from windows.catalogue.openslo.words import DOCUMENT_KEYS, PREFIX, SHORT, URGENCIES
from windows.texts.findings import Findings
from windows.texts.tree import Node

POLICY = ("description", "alertWhenNoData", "alertWhenResolved", "alertWhenBreaching", "conditions", "notificationTargets")
CONDITION = ("description", "severity", "condition")
BURN = ("kind", "op", "threshold", "lookbackWindow", "alertAfter")
SHORT_WINDOW = PREFIX + "short-window"


def read_alerts(node: Node | None, path: str, stream: Stream) -> list[dict[str, Any]]:
    """The rules, in order: urgency, factor, long and short."""
    found = []
    for number, item in enumerate(stream.findings.items(node, path, 10)):
        at = f"{path}[{number}]"
        spec, _ = resolved(item, at, "AlertPolicy", "alertPolicyRef", stream)
        if spec is not None:
            given = stream.findings.mapping(spec, at, POLICY, required=("conditions",))
            for place, condition in enumerate(stream.findings.items(given.get("conditions"), f"{at}.conditions", 10)):
                rule = read_condition(condition, f"{at}.conditions[{place}]", stream)
                if rule:
                    found.append(rule)
    return found


def resolved(item: Node, path: str, kind: str, reference: str, stream: Stream) -> tuple[Node | None, Node | None]:
    """The spec and the metadata of what is written here, or of what a name points to."""
    findings = stream.findings
    if not item.is_mapping:
        return stream.find(kind, item, path), None
    if reference in item.content:
        given = findings.mapping(item, path, (reference,))
        return stream.find(kind, given[reference], f"{path}.{reference}"), None
    given = findings.mapping(item, path, DOCUMENT_KEYS, required=("spec",))
    findings.choice(given.get("kind"), f"{path}.kind", (kind,), kind)
    return given.get("spec"), given.get("metadata")


def read_condition(item: Node, path: str, stream: Stream) -> dict[str, Any] | None:
    findings = stream.findings
    spec, metadata = resolved(item, path, "AlertCondition", "conditionRef", stream)
    if spec is None:
        return None
    given = findings.mapping(spec, path, CONDITION, required=("severity", "condition"))
    if "condition" not in given:
        return None
    at = f"{path}.condition"
    told = findings.mapping(given["condition"], at, BURN, required=("kind", "threshold", "lookbackWindow"))
    findings.choice(told.get("kind"), f"{at}.kind", ("burnrate",), "burnrate")
    findings.choice(told.get("op"), f"{at}.op", ("gte",), "gte")
    long = window(told.get("lookbackWindow"), f"{at}.lookbackWindow", findings)
    return {
        "urgency": findings.choice(given.get("severity"), f"{path}.severity", URGENCIES, "page"),
        "factor": factor(told.get("threshold"), f"{at}.threshold", findings),
        "long": long,
        "short": short(metadata, path, findings) or SHORT.get(long, "5m"),
    }


def factor(node: Node | None, path: str, findings: Findings) -> float:
    value = node.content if node is not None else 1
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1000:
        findings.wrong(node, path, "A factor above 0 and at most 1000 is expected.")
        return 1.0
    return float(value)


def window(node: Node | None, path: str, findings: Findings) -> str:
    """The name of the window as burn rates know it: 60m is 1h."""
    count, unit = length(node, path, findings)
    span = timedelta(minutes=count * MINUTES.get(unit, 0))
    name = next((name for name, known in WINDOWS.items() if known == span), "")
    if unit and not name:
        findings.wrong(node, path, f"Burn rates are known over {', '.join(WINDOWS)}.")
    return name or "1h"


def short(metadata: Node | None, path: str, findings: Findings) -> str:
    given = findings.mapping(metadata, f"{path}.metadata", ("name", "displayName", "labels", "annotations")) if metadata is not None else {}
    notes = given.get("annotations")
    entry = notes.content.get(SHORT_WINDOW) if notes is not None and notes.is_mapping else None
    return window(entry.value, f"{path}.metadata.annotations.{SHORT_WINDOW}", findings) if entry else ""
