"""What a preflight check is told and what it answers. A check is one file in checks/ with `check(candidate) -> Answered`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from windows.actions.gates import Answer
from windows.execution.models import Run
from windows.scheduling.models import Window
from windows.scheduling.queries import ScopeView


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that would begin now."""

    run: Run
    window: Window
    scope: tuple[ScopeView, ...]
    kinds: frozenset[str]  # the action kinds of its steps
    now: datetime  # by the database

    @property
    def places(self) -> list[tuple[str, str, str]]:
        """(service, environment, region), each once, in order."""
        return sorted({(row.service, row.environment, row.region) for row in self.scope})


@dataclass(frozen=True, slots=True)
class Answered:
    """Only a pass lets a run begin. `reason` is one sentence; `evidence` plain JSON values."""

    verdict: Answer
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)


def passed(reason: str, **evidence: Any) -> Answered:
    return Answered(Answer.PASS, reason, evidence)


def failed(reason: str, **evidence: Any) -> Answered:
    return Answered(Answer.FAIL, reason, evidence)


def unknown(reason: str, **evidence: Any) -> Answered:
    return Answered(Answer.INCONCLUSIVE, reason, evidence)
