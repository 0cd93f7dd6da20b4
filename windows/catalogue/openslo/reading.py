"""From OpenSLO documents to the values of objectives: everything that is wrong at once, each with field, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from windows.catalogue.openslo.alerts import read_alerts
from windows.catalogue.openslo.indicators import read_indicator
from windows.catalogue.openslo.periods import read_slices, read_time
from windows.catalogue.openslo.stream import Stream
from windows.catalogue.openslo.words import KINDS, NAME, PREFIX, VERSION
from windows.texts.findings import Findings
from windows.texts.problems import Problem
from windows.texts.tree import Node, grow_all

MOST = 100  # documents in one text
DOCUMENT = ("apiVersion", "kind", "metadata", "spec")
METADATA = ("name", "displayName", "labels", "annotations")
ANNOTATED = ("environment", "maintenance", "critical")
SPEC = (
    *("description", "service", "indicator", "indicatorRef", "timeWindow", "budgetingMethod", "objectives", "alertPolicies"),
)  # fmt: skip
OBJECTIVE = ("displayName", "op", "value", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow")


@dataclass(frozen=True, slots=True)
class Read:
    """The values of one objective (fields of slo's Definition), and where each was said."""

    values: Mapping[str, Any]
    places: Mapping[str, Node] = field(default_factory=dict)

    def problem(self, name: str, detail: str) -> Problem:
        """What is wrong with a field, at the place where the text says it."""
        node = self.places.get(name)
        return Problem(detail, name, node.line if node else None, node.column if node else None)


def read(text: str) -> list[Read]:
    """The objectives in a YAML text of one or more documents. Raises SpecError, and nothing else, with every problem that was found."""
    findings = Findings()
    stream = Stream(findings, {})
    slos = []
    for number, root in enumerate(grow_all(text, MOST)):
        path = f"[{number}]" if number else ""
        given = findings.mapping(root, path, DOCUMENT, required=DOCUMENT)
        version = findings.choice(given.get("apiVersion"), f"{path}.apiVersion", (VERSION,), "")
        kind = findings.choice(given.get("kind"), f"{path}.kind", KINDS, "")
        if not version or not kind or "metadata" not in given or "spec" not in given:
            continue
        name = given["metadata"].find(["name"]).content if given["metadata"].is_mapping else None
        there = stream.known.setdefault(kind, {})
        if isinstance(name, str) and name in there:
            findings.wrong(given["metadata"].find(["name"]), f"{path}.metadata.name", f"There is a {kind} “{name[:60]}” already.")
        there[str(name)] = given["spec"]
        if kind == "SLO":
            slos.append((path, given))
    found = [one for path, given in slos if (one := read_slo(given, path, stream))]
    if not slos:
        findings.wrong(None, "kind", "There is no document of the kind SLO in this text.")
    findings.raise_if_any()
    return found


def read_slo(given: Mapping[str, Node], path: str, stream: Stream) -> Read | None:
    findings, places = stream.findings, dict[str, Node]()
    values = read_metadata(given["metadata"], f"{path}.metadata".strip("."), places, findings)
    at = f"{path}.spec".strip(".")
    spec = findings.mapping(given["spec"], at, SPEC, required=("service", "timeWindow", "budgetingMethod", "objectives"))
    values["description"] = findings.text(spec.get("description"), f"{at}.description", least=0, most=1050)
    values["service"] = findings.text(spec.get("service"), f"{at}.service", most=63)
    objective, its = read_objective(spec.get("objectives"), f"{at}.objectives", findings)
    title = findings.text(objective.get("displayName"), f"{its}.displayName", least=0, most=200)
    values["title"] = values["title"] or title or values["slug"]
    target = objective.get("target") or objective.get("targetPercent")
    if ("target" in objective) == ("targetPercent" in objective):
        findings.wrong(spec.get("objectives") or given["spec"], f"{its}.target", "Give either target (0.999) or targetPercent (99.9).")
    values["target"] = findings.share(target, f"{its}.target", 100 if "targetPercent" in objective else 1) or Decimal("0.5")
    values |= read_time(spec.get("timeWindow"), f"{at}.timeWindow", findings)
    method = findings.choice(spec.get("budgetingMethod"), f"{at}.budgetingMethod", ("Occurrences", "Timeslices"), "Occurrences")
    values |= read_slices(method, objective, its, findings, spec.get("budgetingMethod"))
    values |= read_indicator(spec, objective, at, stream)
    values["rules"] = read_alerts(spec.get("alertPolicies"), f"{at}.alertPolicies", stream)
    places |= {name: spec[told] for name, told in WHERE.items() if told in spec} | ({"target": target} if target else {})
    return Read(values, places)


WHERE = {
    "service": "service", "description": "description", "calendar": "timeWindow", "window_days": "timeWindow", "rules": "alertPolicies",
    "query": "indicator", "source": "indicator", "slice_minutes": "objectives", "slice_target": "objectives",
}  # fmt: skip


def read_metadata(node: Node, path: str, places: dict[str, Node], findings: Findings) -> dict[str, Any]:
    given = findings.mapping(node, path, METADATA, required=("name",))
    labels = {}
    for key, entry in (given["labels"].content if "labels" in given and given["labels"].is_mapping else {}).items():
        items = entry.value.content if entry.value.is_list else [entry.value]
        texts = [findings.text(one, f"{path}.labels.{key}", least=0, most=200) for one in items]
        labels[key] = texts if entry.value.is_list else texts[0]
    if "labels" in given and not given["labels"].is_mapping:
        findings.wrong(given["labels"], f"{path}.labels", "A mapping of labels is expected.")
    told: dict[str, str] = {}
    notes = given.get("annotations")
    if notes is not None and not notes.is_mapping:
        findings.wrong(notes, f"{path}.annotations", "A mapping of annotations is expected.")
    for key, entry in (notes.content if notes is not None and notes.is_mapping else {}).items():
        name = key.removeprefix(PREFIX)
        if key.startswith(PREFIX) and name not in ANNOTATED:
            findings.wrong(entry.key, f"{path}.annotations.{key}", f"Known here: {', '.join(PREFIX + one for one in ANNOTATED)}.")
        elif key.startswith(PREFIX):
            told[name] = findings.text(entry.value, f"{path}.annotations.{key}", most=63)
            places[name] = entry.value
    if "critical" in told and told["critical"] not in {"true", "false"}:
        findings.wrong(places["critical"], f"{path}.annotations", 'Write "true" or "false", in quotes.')
    if "name" in given:
        places["slug"] = given["name"]
    if "displayName" in given:
        places["title"] = given["displayName"]
    return {
        "slug": findings.text(given.get("name"), f"{path}.name", most=120, pattern=NAME),
        "title": findings.text(given.get("displayName"), f"{path}.displayName", least=0, most=200),
        "labels": labels,
        "environment": told.get("environment") or "production",
        "maintenance": told.get("maintenance") or "allow",
        "is_critical": told.get("critical") == "true",
    }


def read_objective(node: Node | None, path: str, findings: Findings) -> tuple[Mapping[str, Node], str]:
    items = findings.items(node, path, MOST)
    if node is not None and node.is_list and len(items) != 1:
        findings.wrong(items[1] if items else node, path, "One objective an SLO: write another SLO for the next.")
    its = f"{path}[0]"
    return (findings.mapping(items[0], its, OBJECTIVE) if items else {}), its
