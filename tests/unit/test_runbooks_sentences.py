"""A runbook in sentences: by each kind's own words, with what a window must give by its name."""

from pathlib import Path

import pytest

from portal.pages.runbooks import differing
from windows.actions.registry import kinds
from windows.runbooks.spec import parse
from windows.runbooks.spec.sentences import story

TEXT = """
runbook: freeze
title: Freeze
layers: [L3]
parameters:
  region: {type: string, description: Where}
  settle: {type: string, default: 15s, pattern: '^[0-9]+s$'}
  port: {type: integer, minimum: 8000, maximum: 9000}
  note: {type: string}
rollback_reserve: 1m
watch:
  - name: Users are served
    objective: orders-served
    window: 20s
    pass: ">= 0.99"
    on_fail: hold
steps:
  - name: Freeze
    flag: {service: orders, environment: production, region: "{{ region }}", mode: read_only}
  - name: Settle
    wait: {duration: "{{ settle }}"}
  - name: Ask
    manual: {prompt: "Look at {{ note }}"}
    undo: none
    because: A look changes nothing.
  - name: Call
    http: {method: POST, url: "http://127.0.0.1:{{ port }}/x"}
    undo:
      http: {method: DELETE, url: "http://127.0.0.1:{{ port }}/x"}
"""


def test_each_step_is_a_sentence_and_says_how_it_is_undone() -> None:
    told = story(parse(TEXT))
    freeze, settle, ask, call = told.steps
    assert freeze.sentence == "Set orders in production/region to read-only and wait until its nodes hold it"
    assert freeze.undo == "put back what was set before"
    assert (settle.sentence, settle.undo) == ("Wait 15 s", "")
    assert (ask.sentence, ask.undo, ask.because) == ("A person confirms: Look at ‹note›", "", "A look changes nothing.")
    assert call.sentence.startswith("POST http://127.0.0.1:8000/x") and call.undo.startswith("DELETE http://127.0.0.1:8000/x")
    assert told.open_names == ("region", "port", "note")
    assert [gate.sentence for gate in told.watch] == ["orders-served over 20 s stays at least 99 %, else hold"]


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[2] / "examples" / "runbooks").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_reads_as_sentences(path: Path) -> None:
    spec = parse(path.read_text())
    told = story(spec)
    assert len(told.steps) == len(spec.steps)
    for step in (*told.steps, *told.validation):
        assert step.sentence and step.sentence != kinds()[step.kind].summary and "{{" not in step.sentence + step.undo


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("a\nb\nc", "a\nb\nc", []),
        ("a\nb\nc", "a\nx\nc", ["same a", "gone b", "new x", "same c"]),
        ("", "a", ["new a"]),
        ("\n".join("abcdefgh"), "\n".join("abcdefgx"), ["skip 4 unchanged lines", "same e", "same f", "same g", "gone h", "new x"]),
        ("\n".join("abcdefgh"), "\n".join("xbcdefgh"), ["gone a", "new x", "same b", "same c", "same d", "skip 4 unchanged lines"]),
    ],
)
def test_a_difference_shows_the_lines_around_a_change_and_counts_the_rest(old: str, new: str, told: list[str]) -> None:
    assert [f"{line.kind} {line.text}" for line in differing(old, new)] == told
