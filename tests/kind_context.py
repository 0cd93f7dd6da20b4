"""A context for trying one action kind alone: fakes of the ports, a clock that only moves when somebody rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from windows.actions.gates import Reading, Verdict

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class FakeContext:
    idempotency_key: str = "1:2:forward"
    fence: int = 1
    attempt: int = 1
    checkpoint: Mapping[str, Any] = field(default_factory=dict)
    deadline: datetime = NOON + timedelta(minutes=5)
    opened_at: datetime | None = NOON - timedelta(minutes=10)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    http: Any = None
    sql: Any = None
    command: Any = None
    flags: Any = None
    telemetry: Any = None
    notify: Any = None
    surfaces: Any = None
    clock: datetime = NOON
    is_stopped: bool = False
    lines: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    def stop_requested(self) -> bool:
        return self.is_stopped

    def now(self) -> datetime:
        return self.clock

    def sleep(self, seconds: float) -> bool:
        self.clock += timedelta(seconds=seconds)
        return self.is_stopped

    def log(self, text: str, level: str = "info") -> None:
        self.lines.append(text)

    def measured(self, gate: str, reading: Reading, verdict: Verdict) -> None:
        self.verdicts.append(verdict)
