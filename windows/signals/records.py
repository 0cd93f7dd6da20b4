"""What is kept and counted, as plain records: a span, a log line, a point of a counter. Pure, and cheap to import."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

ERROR = 17  # OpenTelemetry's SeverityNumber from which a line tells of a failure
Plain = dict[str, Any]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Span:
    """One span. `window` as it was said (`MW-1042`), "" where nothing was; ids in hex, `parent_id` "" for a root."""

    service: str
    environment: str
    window: str
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    outcome: str  # unset, ok, error
    message: str
    begins_at: datetime
    ends_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    attributes: Plain = field(default_factory=dict)
    events: Sequence[Plain] = ()
    dropped: int = 0  # attributes and events that did not fit

    @property
    def at(self) -> datetime:
        return self.begins_at

    @property
    def is_failure(self) -> bool:
        return self.outcome == "error"

    @property
    def size(self) -> int:
        return 300 + len(self.name) + len(self.message) + size(self.attributes) + size(self.events)


@dataclass(frozen=True, slots=True)
class Line:
    """One log record. `severity` is OpenTelemetry's number, 0 where it is not known."""

    service: str
    environment: str
    window: str
    at: datetime
    severity: int
    level: str
    text: str
    trace_id: str = ""
    span_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    attributes: Plain = field(default_factory=dict)
    dropped: int = 0

    @property
    def is_failure(self) -> bool:
        return self.severity >= ERROR

    @property
    def size(self) -> int:
        return 200 + len(self.text.encode()) + size(self.attributes)

    @property
    def digest(self) -> str:
        """The same line sent again is the same line: a sender who heard no answer sends twice."""
        told = (self.service, self.environment, self.at.isoformat(), self.severity, self.text, self.trace_id, self.span_id)
        return hashlib.sha256(repr((told, sorted(self.attributes.items(), key=repr))).encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """What could be read, and why the rest could not: reason → how many."""

    records: list[R]
    refused: dict[str, int]


@dataclass(frozen=True, slots=True)
class Measured:
    """One point of a counter. `stream` names the counter for ever: the metric, its attributes, who counted."""

    service: str
    environment: str
    window: str
    metric: str
    attributes: Plain  # the point's own, before those of its resource
    stream: str
    began: datetime | None  # since when it counts; None where the sender does not know
    at: datetime
    value: int
    is_delta: bool


def size(value: Any) -> int:
    """Bytes it takes as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode())
