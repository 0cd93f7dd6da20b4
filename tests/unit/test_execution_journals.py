"""A run that began under an earlier version goes on as it would have: recorded journals are decided again (tests/journals.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journals import NOW, meant, shown
from windows.execution.saga import decide

JOURNALS = sorted(Path(__file__).with_name("journals").glob("*.json"))


@pytest.mark.parametrize("path", JOURNALS, ids=[path.stem for path in JOURNALS])
def test_r_a13_f09_x13_a_journal_of_an_earlier_version_is_decided_as_it_was(path: Path) -> None:
    journal = json.loads(path.read_text())
    assert len(journal["lines"]) > 100
    for number, line in enumerate(journal["lines"], 1):
        decision = decide(shown(journal, line), NOW)
        kind, facts = line["decides"]
        wanted = {name: meant(value) for name, value in facts.items()}
        assert (type(decision).__name__, {name: getattr(decision, name) for name in wanted}) == (kind, wanted), f"line {number}"


def test_a_journal_tells_every_kind_of_decision() -> None:
    told: set[Any] = {line["decides"][0] for path in JOURNALS for line in json.loads(path.read_text())["lines"]}
    assert told >= {"RunPreflight", "Execute", "Compensate", "Expire", "Doubt", "GiveUp", "Sleep", "Become"}
