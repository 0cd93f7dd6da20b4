"""Loops over targets and what is stopped and let go on: read with line and column, unrolled into positions when a plan is made."""

from __future__ import annotations

import pytest

from windows.runbooks.spec import Plan, SpecError, parse, resolve
from windows.runbooks.spec.sentences import story

HEAD = """runbook: nodes
title: Nodes
layers: [L6]
parameters:
  nodes: {type: string, default: 'n1, n2'}
  count: {type: integer, default: 3}
steps:
"""
DRAIN = "      - {name: 'Drain {{ node }}', wait: {duration: 1s}}\n"
URL = "https://cluster.example/{{ node }}/upgrade"
UPGRADE = f"      - {{name: Upgrade, http: {{url: '{URL}', method: POST}}, undo: {{http: {{url: '{URL}', method: DELETE}}}}}}\n"
SHIFT = "traffic: {balancer: edge, backend: shop, shift: {to: green, away_from: blue, share: '{{ share }}'}}"


def text(loop: str, *body: str, between: str = "") -> str:
    return HEAD + loop + "    steps:\n" + "".join(body or (DRAIN, UPGRADE)) + between


def plan(loop: str, *body: str, between: str = "", **given: object) -> Plan:
    return resolve(parse(text(loop, *body, between=between)), given)


def named(found: Plan) -> list[str]:
    return [step.name for step in found.steps]


def problems(source: str) -> list[tuple[int | None, int | None, str]]:
    with pytest.raises(SpecError) as caught:
        resolve(parse(source), {})
    return [(one.line, one.column, one.message) for one in caught.value.problems]


def test_node_by_node() -> None:
    found = plan("  - for_each: node\n    in: [a, b]\n")
    assert named(found) == ["Drain a", "Upgrade (a)", "Drain b", "Upgrade (b)"]
    assert found.steps[3].action.params["url"] == "https://cluster.example/b/upgrade"
    assert [row["position"] for row in found.to_rows()] == [1, 2, 3, 4]


def test_in_batches_with_a_wait_and_a_gate_between() -> None:
    gate = "    between:\n      - {name: All well, gate: {prometheus: up, pass: '>= 1'}}\n"
    found = plan("  - for_each: node\n    in: [a, b, c]\n    batch: 2\n    wait: 30s\n", between=gate)
    assert named(found) == [
        "Drain a", "Drain b", "Upgrade (a)", "Upgrade (b)", "Let it settle (1 of 1)", "All well (1 of 1)", "Drain c", "Upgrade (c)",
    ]  # fmt: skip
    assert found.steps[4].action.kind == "wait"
    assert found.steps[4].sentence == "Wait 30 s"


def test_progressive_shares_keep_their_type() -> None:
    move = f"      - {{name: 'Send {{{{ share }}}} %', {SHIFT}}}\n"
    found = plan("  - for_each: share\n    in: [5, 25, 50, 100]\n", move)
    assert named(found) == ["Send 5 %", "Send 25 %", "Send 50 %", "Send 100 %"]
    assert [step.action.params["shift"]["share"] for step in found.steps] == [5, 25, 50, 100]
    assert all(step.undo and step.undo.params["shift"]["share"] == step.action.params["shift"]["share"] for step in found.steps)


def test_targets_may_come_from_a_parameter_and_are_judged_then() -> None:
    loop = "  - for_each: node\n    in: '{{ nodes }}'\n"
    assert named(plan(loop, DRAIN)) == ["Drain n1", "Drain n2"]
    assert named(plan(loop, DRAIN, nodes="x,y,z")) == ["Drain x", "Drain y", "Drain z"]
    for bad in ("a,,b", "a,a", "a b", "x;drop"):
        with pytest.raises(SpecError, match="nodes:"):
            plan(loop, DRAIN, nodes=bad)


def test_what_comes_from_a_parameter_never_becomes_code() -> None:
    query = "      - {name: Look, drain: {prometheus: 'load{node=\"{{ node }}\"}'}}\n"
    assert named(plan("  - for_each: node\n    in: [a, b]\n", query)) == ["Look (a)", "Look (b)"]
    [(line, column, message)] = problems(text("  - for_each: node\n    in: '{{ nodes }}'\n", query))
    assert (line, column) == (11, 42)
    assert "may not become part of a query" in message


@pytest.mark.parametrize(
    ("loop", "line", "column", "said"),
    [
        ("  - for_each: node\n", 8, 5, "“in” is missing"),
        ("  - for_each: nodes\n    in: [a]\n", 8, 15, "is a parameter already"),
        ("  - for_each: node\n    in: []\n", 9, 9, "At least one target"),
        ("  - for_each: node\n    in: [a, b, a]\n", 9, 16, "stands here twice"),
        ("  - for_each: node\n    in: [a, 1]\n", 9, 13, "do not go together"),
        ("  - for_each: node\n    in: [a b]\n", 9, 10, "is no target"),
        ("  - for_each: node\n    in: '{{ count }}'\n", 9, 9, "is no text"),
        ("  - for_each: node\n    in: '{{ other }}'\n", 9, 9, "There is no parameter “other”"),
        ("  - for_each: node\n    in: [a]\n    batch: 0\n", 10, 12, "whole number from 1"),
        ("  - for_each: node\n    in: [a]\n    btach: 2\n", 10, 5, "Did you mean “batch”?"),
    ],
)
def test_what_is_wrong_with_a_loop_is_told_where_it_stands(loop: str, line: int, column: int, said: str) -> None:
    found = problems(text(loop, "      - {name: Look, wait: {duration: 1s}}\n"))
    assert any((at, across) == (line, column) and said in message for at, across, message in found), found


def test_loops_do_not_nest() -> None:
    inner = "      - for_each: x\n        in: [1]\n        steps: [{name: Look, wait: {duration: 1s}}]\n"
    assert [(line, column) for line, column, _ in problems(text("  - for_each: node\n    in: [a]\n", inner))] == [(11, 9)]


def test_a_value_that_does_not_fit_one_target_is_told() -> None:
    shift = f"      - {{name: Move, {SHIFT}}}\n"
    [(line, _, message)] = problems(text("  - for_each: share\n    in: [50, 150]\n", shift))
    assert line == 11
    assert "less than or equal to 100" in message


def test_a_page_tells_it_once_with_the_targets_name_open() -> None:
    told = story(parse(text("  - for_each: node\n    in: '{{ nodes }}'\n", DRAIN)))
    assert [(step.name, step.each) for step in told.steps] == [("Drain ‹node›", "for each node: ‹nodes›")]
    told = story(parse(text("  - for_each: node\n    in: [a, b, c]\n    batch: 2\n", UPGRADE)))
    assert told.steps[0].sentence == "POST https://cluster.example/‹node›/upgrade"
    assert told.steps[0].each == "for each node: a, b, c, 2 at a time"


STOP = "  - {name: Stop, quiesce: orders, http: {url: 'https://q/stop', method: POST}, undo: {http: {url: 'https://q/go', method: POST}}}\n"
GO = "  - {name: Go, resume: orders, http: {url: 'https://q/go', method: POST}, undo: {http: {url: 'https://q/stop', method: POST}}}\n"


def test_a_quiesce_has_its_resume() -> None:
    found = resolve(parse(HEAD + STOP.replace("quiesce: orders", "quiesce: {what: orders, resume_within: 20m}") + GO), {})
    assert [(row["quiesces"], row["resumes"]) for row in found.to_rows()] == [("orders", ""), ("", "orders")]
    assert found.steps[0].resume_within.total_seconds() == 1200


@pytest.mark.parametrize(
    ("steps", "line", "said"),
    [
        (STOP, 8, "never resumed: a later step must say `resume: orders`"),
        (GO, 8, "no earlier step says `quiesce: orders`"),
        (GO + STOP, 8, "no earlier step"),
        (STOP + STOP.replace("Stop", "Again") + GO, 9, "is quiesced already, in line 8"),
        (STOP.replace("quiesce: orders", "quiesce: orders, resume: orders"), 8, "cannot both"),
        (STOP.replace("quiesce: orders", "quiesce: {resume_within: 1m}") + GO, 8, "“what” is missing"),
    ],
)
def test_x05_a_quiesce_without_its_resume_is_refused(steps: str, line: int, said: str) -> None:
    found = problems(HEAD + steps)
    assert any(at == line and said in message for at, _, message in found), found


def test_x05_one_inside_a_loop_is_resumed_inside_it() -> None:
    inside = "".join(f"    {line}\n" for line in (STOP + GO).splitlines())
    found = plan("  - for_each: node\n    in: [a, b]\n", inside)
    assert [step.quiesces or step.resumes for step in found.steps] == ["orders (a)", "orders (a)", "orders (b)", "orders (b)"]
    alone = "".join(f"    {line}\n" for line in STOP.splitlines())
    assert "not in the same loop" in problems(text("  - for_each: node\n    in: [a, b]\n", alone) + GO)[0][2]
