"""The SLI of an SLO: a ratio of two metrics, or a metric and its threshold, from Prometheus or pushed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windows.catalogue.openslo.stream import Stream
from windows.catalogue.openslo.words import OPERATORS, SELECTOR, counted
from windows.texts.findings import Findings
from windows.texts.tree import Node

RATIO = ("counter", "good", "bad", "total")
SOURCE = ("metricSourceRef", "type", "spec")
SOURCES = {"prometheus": "prometheus", "push": "push", "otlp": "otlp", "scrape": "scrape"}


def read_indicator(spec: Mapping[str, Node], objective: Mapping[str, Node], path: str, stream: Stream) -> dict[str, Any]:
    """source and query."""
    findings = stream.findings
    if ("indicator" in spec) == ("indicatorRef" in spec):
        first = next(iter(spec.values()), None)  # where nothing is said, the text says so from its spec on
        findings.wrong(spec.get("indicatorRef") or first, f"{path}.indicator", "Give either an indicator or an indicatorRef.")
        return {}
    if "indicatorRef" in spec:
        at = f"{path}.indicatorRef"
        found = stream.find("SLI", spec["indicatorRef"], at)
    else:
        at = f"{path}.indicator"
        given = findings.mapping(spec["indicator"], at, ("metadata", "spec"), required=("spec",))
        found, at = given.get("spec"), f"{at}.spec"
    if found is None:
        return {}
    kinds = findings.mapping(found, at, ("description", "ratioMetric", "thresholdMetric"))
    if ("ratioMetric" in kinds) == ("thresholdMetric" in kinds):
        findings.wrong(found, at, "Give either a ratioMetric or a thresholdMetric.")
        return {}
    if "ratioMetric" in kinds:
        for name in ("op", "value"):
            if name in objective:
                findings.wrong(objective[name], f"{path}.objectives[0].{name}", "Only for a thresholdMetric.")
        return ratio(kinds["ratioMetric"], f"{at}.ratioMetric", stream)
    return threshold(kinds["thresholdMetric"], objective, f"{at}.thresholdMetric", f"{path}.objectives[0]", stream)


def ratio(node: Node, path: str, stream: Stream) -> dict[str, Any]:
    findings = stream.findings
    given = findings.mapping(node, path, RATIO, required=("total",))
    if ("good" in given) == ("bad" in given):
        findings.wrong(node, path, "Give either good or bad, beside total.")
        return {}
    is_counter = findings.truth(given.get("counter"), f"{path}.counter", False)
    sources, query = set(), {}
    for name in ("good", "bad", "total"):
        if name in given:
            source, text = metric(given[name], f"{path}.{name}", stream)
            sources.add(source)
            if source == "prometheus" and is_counter:
                if not SELECTOR.match(text):
                    told = 'With counter: true a query is one plain series, like http_requests_total{code=~"5.."}; else say counter: false.'
                    findings.wrong(given[name], f"{path}.{name}", told)
                text = counted(text)
            if source != "push":
                query[name] = text
    if len(sources) > 1:
        findings.wrong(node, path, "Both metrics come from one source.")
    return {"source": sources.pop(), "query": query}


def threshold(node: Node, objective: Mapping[str, Node], path: str, its: str, stream: Stream) -> dict[str, Any]:
    findings = stream.findings
    source, text = metric(node, path, stream)
    if source == "push":
        findings.wrong(node, path, "Pushed measurements are counted good and total: a ratioMetric.")
    for name in ("op", "value"):
        if name not in objective:
            findings.wrong(node, f"{its}.{name}", f"“{name}” is missing: a thresholdMetric needs it.")
    operator = findings.choice(objective.get("op"), f"{its}.op", OPERATORS, "lte")
    value = objective["value"].content if "value" in objective else 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        findings.wrong(objective["value"], f"{its}.value", "A number is expected.")
    return {"source": source, "query": {"value": text, "op": operator, "threshold": str(value)}}


def metric(node: Node, path: str, stream: Stream) -> tuple[str, str]:
    """Source and query of one metricSource."""
    findings = stream.findings
    at = f"{path}.metricSource"
    outer = findings.mapping(node, path, ("metricSource",), required=("metricSource",))
    if "metricSource" not in outer:
        return "push", ""
    given = findings.mapping(outer["metricSource"], at, SOURCE)
    kind = given.get("type")
    if "metricSourceRef" in given:
        there = stream.find("DataSource", given["metricSourceRef"], f"{at}.metricSourceRef")
        if there is not None:
            kind = kind or findings.mapping(there, f"{at}.metricSourceRef", ("description", "type", "connectionDetails")).get("type")
    if kind is None:
        findings.wrong(outer["metricSource"], f"{at}.type", f"“type” is missing. Known: {', '.join(SOURCES)}.")
        return "push", ""
    name = kind.content.lower() if isinstance(kind.content, str) else kind.content
    source = SOURCES.get(str(name), "")
    if not source:
        findings.wrong(kind, f"{at}.type", f"There is no source “{str(kind.content)[:60]}” here. Known: {', '.join(SOURCES)}.")
        return "push", ""
    if source == "push":
        return source, ""
    inner = spec_of(given, at, findings)
    return source, findings.text(inner.get("query"), f"{at}.spec.query", most=4000)


def spec_of(given: Mapping[str, Node], at: str, findings: Findings) -> Mapping[str, Node]:
    if "spec" not in given:
        findings.wrong(given.get("type"), f"{at}.spec", "“spec” is missing: it holds the query.")
        return {}
    return findings.mapping(given["spec"], f"{at}.spec", ("query",), required=("query",))
