"""Journals: what a released version of the saga was shown and what it decided, to be decided again by every later version [A13].

A journal is recorded from real runs: `ROADWORKS_JOURNAL=tests/unit/journals/NAME.json python3 manage.py test -n 0 -p tests.journals
tests/integration/test_execution_engine.py …`. Fields are named once, at its head, so that a field that comes later takes its default;
a time is the number of microseconds from `now`.
"""

from __future__ import annotations

import json
import os
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from windows.execution import decisions, saga

NOW = datetime(2030, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
MOST, WIDEST = 250, 8
Entry = dict[str, Any]


def told(value: Any, now: datetime) -> Any:
    """A field as the journal holds it."""
    if isinstance(value, datetime):
        return {"in": (value - now) // INSTANT}
    if isinstance(value, decisions.FreezeMet):
        return {"freeze": [value.id, value.title, value.policy]}
    return value


def meant(value: Any) -> Any:
    """The opposite of `told`, with NOW as the moment."""
    if isinstance(value, dict):
        return NOW + value["in"] * INSTANT if "in" in value else decisions.FreezeMet(*value["freeze"])
    return value


def names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind) if field.name != "steps"]


def entry(run: decisions.Run, now: datetime, decision: Any) -> Entry:
    """One line of a journal."""
    return {
        "run": [told(getattr(run, name), now) for name in names(run)],
        "steps": [[told(getattr(step, name), now) for name in names(step)] for step in run.steps],
        "decides": [type(decision).__name__, {name: told(getattr(decision, name), now) for name in names(decision)}],
    }


def shown(journal: dict[str, Any], line: Entry) -> decisions.Run:
    """The run of one line, as today's core takes it."""
    steps = tuple(decisions.Step(**dict(zip(journal["step"], map(meant, step), strict=True))) for step in line["steps"])
    return decisions.Run(steps=steps, **dict(zip(journal["run"], map(meant, line["run"]), strict=True)))


def pytest_configure(config: pytest.Config) -> None:
    path, found = os.environ.get("ROADWORKS_JOURNAL"), {}
    if not path:
        return
    decide = saga.decide

    def recorded(run: decisions.Run, now: datetime) -> Any:
        decision = decide(run, now)
        if len(run.steps) <= WIDEST and len(found) < MOST:
            line = entry(run, now, decision)
            found.setdefault(json.dumps(line, sort_keys=True, default=str).translate(dict.fromkeys(map(ord, "0123456789"))), line)
        return decision

    saga.decide = recorded
    config.add_cleanup(lambda: write(Path(path), list(found.values())))


def write(path: Path, lines: list[Entry]) -> None:
    head = {"run": names(decisions.Run), "step": names(decisions.Step)}
    told_lines = ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text(f'{{"run": {json.dumps(head["run"])},\n"step": {json.dumps(head["step"])},\n"lines": [\n{told_lines}\n]}}\n')
