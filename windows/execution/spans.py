"""A run as a trace: the run at the top, below it each step that began and each that was undone. Pure.

Ids follow from what they name, so that the calls of a step (its `traceparent`) and the trace that is kept at the end meet: a service
that goes on with the trace it is given shows under the very step. Source of the header: W3C Trace Context, version 00.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from windows.execution.states import StepStatus
from windows.signals.records import Span

US = "roadworks"  # service.name of our own spans; no service of the catalogue
WRONG = {StepStatus.FAILED, StepStatus.IN_DOUBT, StepStatus.COMPENSATION_FAILED}


def trace_of(run_id: int | str) -> str:
    return hashlib.sha256(f"run {run_id}".encode()).hexdigest()[:32]


def span_of(key: str) -> str:
    """`key` is an act's idempotency key, run:position:direction, or a run's id alone."""
    return hashlib.sha256(f"act {key}".encode()).hexdigest()[:16]


def traceparent(key: str) -> str:
    """What the calls of an act carry."""
    return f"00-{trace_of(key.split(':', maxsplit=1)[0])}-{span_of(key)}-01"


@dataclass(frozen=True, slots=True)
class Act:
    """A step's way forward or its undoing. `ended_at` None: it was cut off by the end of the run."""

    key: str
    position: int
    name: str
    kind: str
    status: str
    outcome: str
    attempt: int
    began_at: datetime
    ended_at: datetime | None
    is_undo: bool


def spans_of(
    run_id: int,
    called: str,
    acts: Iterable[Act],
    *,
    window: str,
    began_at: datetime,
    ended_at: datetime,
    wrong: str,
    tags: Mapping[str, str],
) -> list[Span]:
    """`called` is “run 2 of MW-1042”; `wrong` says why the run did not succeed, "" where it did; `tags` are the telemetry tags; `window`
    is the window's reference, also where a rehearsal's tag is its own."""
    plain = {name.removeprefix("maintenance."): value for name, value in tags.items() if value}
    top = Span(
        service=US, environment="", window=window, trace_id=trace_of(run_id), span_id=span_of(str(run_id)), parent_id="",
        name=called[:200], kind="internal", outcome="error" if wrong else "ok", message=wrong[:500], begins_at=began_at,
        ends_at=max(began_at, ended_at), tags=plain,
    )  # fmt: skip
    return [top, *(span(one, top, ended_at) for one in acts)]


def span(one: Act, top: Span, last: datetime) -> Span:
    is_wrong = one.status in WRONG and (one.status == StepStatus.COMPENSATION_FAILED) == one.is_undo
    return Span(
        service=US, environment="", window=top.window, trace_id=top.trace_id, span_id=span_of(one.key), parent_id=top.span_id,
        name=f"{'undo ' if one.is_undo else ''}{one.position} · {one.name}"[:200], kind="internal", outcome="error" if is_wrong else "ok",
        message=one.outcome[:500] if is_wrong else "", begins_at=one.began_at, ends_at=max(one.began_at, one.ended_at or last),
        tags={**top.tags, "step": one.name},
        attributes={"step.kind": one.kind, "step.status": one.status, "step.attempt": one.attempt, "step.outcome": one.outcome[:500]},
    )  # fmt: skip
