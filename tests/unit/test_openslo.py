"""OpenSLO v1 in and out: whatever we write we read back, what we cannot keep is refused with its line, nothing is dropped."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.burn_rate import WINDOWS
from windows.catalogue.openslo import read, write
from windows.texts.problems import SpecError

FULL = """\
apiVersion: openslo/v1
kind: DataSource
metadata: {name: main}
spec: {type: Prometheus}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: writes}
spec:
  ratioMetric:
    counter: true
    good:
      metricSource:
        metricSourceRef: main
        spec: {query: 'requests_total{code!~"5.."}'}
    total:
      metricSource:
        metricSourceRef: main
        spec: {query: requests_total}
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast}
spec:
  severity: page
  condition: {kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 60m, alertAfter: 5m}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: burns}
spec:
  conditions: [conditionRef: fast]
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: orders-writes
  displayName: Orders can be placed
  labels: {team: [shop, core]}
  annotations: {roadworks.internal/maintenance: exclude}
spec:
  description: What users pay for.
  service: orders
  indicatorRef: writes
  timeWindow:
    - duration: 1M
      isRolling: false
      calendar: {startTime: "2026-01-01 00:00:00", timeZone: Europe/Berlin}
  budgetingMethod: Timeslices
  objectives:
    - targetPercent: 99.9
      timeSliceTarget: 0.95
      timeSliceWindow: 5m
  alertPolicies:
    - alertPolicyRef: burns
"""


def test_a_text_with_references_is_one_objective() -> None:
    (one,) = read(FULL)
    assert one.values == {
        "slug": "orders-writes", "title": "Orders can be placed", "description": "What users pay for.", "service": "orders",
        "environment": "production", "maintenance": "exclude", "is_critical": False, "labels": {"team": ["shop", "core"]},
        "target": Decimal("0.999"), "slice_minutes": 5, "slice_target": Decimal("0.95"), "source": "prometheus",
        "calendar": {"start": "2026-01-01 00:00:00", "zone": "Europe/Berlin", "count": 1, "unit": "M"},
        "query": {
            "good": 'sum(increase(requests_total{code!~"5.."}[{{ window }}]))', "total": "sum(increase(requests_total[{{ window }}]))",
        },
        "rules": [{"urgency": "page", "factor": 14.4, "long": "1h", "short": "5m"}],
    }  # fmt: skip


SIMPLE = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: latency, displayName: Fast}
spec:
  service: orders
  indicator:
    spec:
      thresholdMetric:
        metricSource: {type: prometheus, spec: {query: p99}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lte, value: 0.3, target: 0.99}]
"""


def test_a_threshold() -> None:
    (one,) = read(SIMPLE)
    assert one.values["query"] == {"value": "p99", "op": "lte", "threshold": "0.3"}
    assert (one.values["window_days"], one.values["calendar"], one.values["rules"]) == (28, {}, [])


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "says"),
    [
        ("28d, isRolling: true", "1M, isRolling: true", 10, "spec.timeWindow[0].duration", "Whole days"),
        ("28d, isRolling: true", "28 days, isRolling: true", 10, "spec.timeWindow[0].duration", "whole number"),
        ("28d, isRolling: true", "28d", 10, "spec.timeWindow[0]", ""),
        ("Occurrences", "RatioTimeslices", 11, "spec.budgetingMethod", "Occurrences, Timeslices"),
        ("Occurrences", "Timeslices", 11, "spec.objectives[0].timeSliceTarget", "Timeslices need it"),
        ("target: 0.99", "target: 1.5", 12, "spec.objectives[0].target", "at most 1"),
        ("target: 0.99", "target: 0.99999999", 12, "spec.objectives[0].target", "six decimals"),
        ("target: 0.99", "target: 0.99, targetPercent: 99", 12, "spec.objectives[0].target", "either"),
        ("op: lte", "op: eq", 12, "spec.objectives[0].op", "lte, gte, lt, gt"),
        ("value: 0.3", "value: fast", 12, "spec.objectives[0].value", "number"),
        ("target: 0.99}", "target: 0.99}, {target: 0.9}", 12, "spec.objectives", "One objective an SLO"),
        ("type: prometheus", "type: datadog", 9, "spec.indicator.spec.thresholdMetric.metricSource.type", "prometheus, push"),
        ("type: prometheus", "metricSourceRef: x", 9, "spec.indicator.spec.thresholdMetric.metricSource.metricSourceRef", "no DataSource"),
        ("  indicator:\n", "  indicatorRef: x\n  indicator:\n", 6, "spec.indicator", "either"),
        ("service: orders", "servise: orders", 5, "spec.servise", "Did you mean “service”"),
        ("openslo/v1", "openslo/v1alpha", 1, "apiVersion", "openslo/v1"),
        ("kind: SLO", "kind: Slo", 2, "kind", "Known: SLO"),
        ("name: latency", "name: Latency!", 3, "metadata.name", "does not fit"),
        ("displayName: Fast", "annotations: {roadworks.internal/x: y}", 3, "metadata.annotations.roadworks.internal/x", "Known here"),
        ("displayName: Fast", "labels: &a {b: c}", 3, "metadata.labels", "Anchors"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, line: int, field: str, says: str) -> None:
    text = SIMPLE.replace(old, new)
    assert text != SIMPLE
    if not says:
        assert read(text)
        return
    with pytest.raises(SpecError) as refused:
        read(text)
    told = [(one.line, one.field) for one in refused.value.problems]
    assert (line, field) in told
    assert any(says in one.message for one in refused.value.problems if one.field == field)


def test_what_is_missing_is_told_with_the_line_that_should_hold_it() -> None:
    with pytest.raises(SpecError) as refused:
        read("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec:\n  service: orders\n  budgetingMethod: Occurrences\n")
    told = {one.field: one.line for one in refused.value.problems}
    assert {"spec.timeWindow", "spec.objectives", "spec.objectives[0].target", "spec.indicator"} == set(told) and set(told.values()) == {5}


@pytest.mark.parametrize(
    ("source", "query"),
    [
        ("otlp", {"good": 'http.requests{status!="5*"}', "total": "http.requests"}),
        ("scrape", {"bad": 'http://shop/metrics requests{code="5*"}', "total": "http://shop/metrics requests"}),
    ],
)
def test_counters_that_are_sent_or_read_by_ourselves_are_written_and_read_back(source: str, query: dict[str, str]) -> None:
    (one,) = read(SIMPLE)
    (back,) = read(write({"slice_minutes": None, "slice_target": None, **one.values, "source": source, "query": query}))
    assert (back.values["source"], back.values["query"]) == (source, query)


def test_a_text_without_an_slo_says_so() -> None:
    with pytest.raises(SpecError, match="no document of the kind SLO"):
        read(FULL.split("---", maxsplit=1)[0])
    with pytest.raises(SpecError, match="plain series"):
        read(FULL.replace("{query: requests_total}", "{query: sum(requests_total)}"))


words = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=60).map(str.strip).filter(bool)
slugs = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?", fullmatch=True)
shares = st.integers(1, 999_999).map(lambda n: Decimal(n) / 1_000_000)
queries = st.one_of(
    st.just({}),
    st.builds(lambda a, b: {"good": a, "total": b}, words, words),
    st.builds(lambda a, b: {"bad": a, "total": b}, words, words),
    st.builds(lambda a, o, t: {"value": a, "op": o, "threshold": str(t)}, words, st.sampled_from(["lte", "gt"]), st.floats(-1e6, 1e6)),
    st.just({"good": 'sum(increase(a{b="c"}[{{ window }}]))', "total": "sum(increase(a[{{ window }}]))"}),
)
calendars = st.builds(
    lambda unit, count: {"start": "2026-01-01 00:00:00", "zone": "Europe/Berlin", "count": count, "unit": unit},
    st.sampled_from(["d", "w", "M", "Q", "Y"]),
    st.integers(1, 4),
)
rules = st.builds(
    lambda urgency, factor, pair: {"urgency": urgency, "factor": factor, "long": pair[0], "short": pair[1]},
    st.sampled_from(["page", "ticket"]),
    st.floats(0.01, 1000),
    st.tuples(st.sampled_from(list(WINDOWS)), st.sampled_from(list(WINDOWS))),
)
objectives = st.fixed_dictionaries(
    {
        "slug": slugs, "service": slugs, "environment": slugs, "title": words, "description": st.one_of(st.just(""), words),
        "target": shares, "is_critical": st.booleans(), "maintenance": st.sampled_from(["count", "exclude", "allow"]),
        "labels": st.dictionaries(slugs, st.one_of(words, st.lists(words, max_size=3)), max_size=3), "rules": st.lists(rules, max_size=4),
        "query": queries, "calendar": st.one_of(st.just({}), calendars), "window_days": st.integers(1, 366),
        "slices": st.one_of(st.none(), st.tuples(st.integers(1, 1440), shares)),
    }
)  # fmt: skip


@given(objectives)
def test_what_is_written_is_read_back(one: dict[str, Any]) -> None:
    minutes, share = one.pop("slices") or (None, None)
    wanted = one | {"slice_minutes": minutes, "slice_target": share, "source": "prometheus" if one["query"] else "push"}
    (back,) = read(write(wanted))
    found = {"slice_minutes": None, "slice_target": None, **back.values}
    if wanted["calendar"]:
        del wanted["window_days"]
    assert found == wanted


@given(st.text(max_size=300))
def test_hostile_texts_are_refused_and_nothing_else(text: str) -> None:
    for hostile in (text, SIMPLE.replace("Fast", text[:50]), SIMPLE + "\n---\n" + text):
        try:
            read(hostile)
        except SpecError as error:
            assert error.problems
