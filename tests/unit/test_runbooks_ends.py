"""Checkpoints, how far a failure goes back, and the proof of a rollback: what a runbook may say."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from windows.runbooks.spec import SpecError, parse, resolve
from windows.runbooks.spec.schema import schema
from windows.texts.tree import grow

TEXT = """runbook: three-nodes
title: Three nodes
steps:
  - name: Prepare
    wait: {duration: 1s}
    checkpoint: true
  - name: Upgrade
    wait: {duration: 1s}
    on_fail: checkpoint
watch:
  - name: Errors
    prometheus: sum(rate(errors[1m]))
    pass: "< 5"
    on_fail: checkpoint
validation:
  - name: It answers
    http: {method: GET, url: "https://shop.example/health"}
    after_rollback: true
  - name: It is new
    http: {method: GET, url: "https://shop.example/new"}
"""


def test_what_it_says_reaches_the_plan() -> None:
    assert not list(Draft202012Validator(schema()).iter_errors(grow(TEXT).plain()))
    plan = resolve(parse(TEXT), {})
    rows = plan.to_rows()
    assert [(row["name"], row["phase"]) for row in rows] == [
        ("Prepare", "step"),
        ("Upgrade", "step"),
        ("It answers", "validation"),
        ("It is new", "validation"),
        ("It answers (after rollback)", "proof"),
    ]
    assert [row["is_checkpoint"] for row in rows] == [True, False, False, False, False]
    assert [row["on_fail"] for row in rows] == ["roll_back", "checkpoint", "roll_back", "roll_back", "roll_back"]
    assert rows[-1]["undo"] is None and rows[-1]["params"] == rows[2]["params"]
    assert plan.watch[0].to_json()["on_fail"] == "checkpoint"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    checkpoint: true\n", "", "no earlier step says `checkpoint: true`"),
        ("    checkpoint: true\n", "    checkpoint: maybe\n", "true or false is expected"),
        ("    on_fail: checkpoint\nwatch", "    on_fail: hold\nwatch", "“hold” is not known"),
        ("    after_rollback: true\n", "    checkpoint: true\n", "“checkpoint” goes with what stands under `steps:`"),
        ("    checkpoint: true\n", "    checkpoint: true\n    after_rollback: true\n", "“after_rollback” goes with"),
    ],
)
def test_what_it_may_not_say(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(SpecError) as error:
        parse(TEXT.replace(old, new))
    assert any(said in problem.message and problem.line for problem in error.value.problems), error.value.problems
