"""The ports of a game day: the real ones with faults put between. Each says in the run's log that it has bitten."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from windows.actions.gates import Reading
from windows.actions.ports import (
    FlagAddress,
    FlagPort,
    FlagState,
    HttpAnswer,
    HttpPort,
    Laggard,
    NotifyPort,
    Propagation,
    SqlAnswer,
    SqlPort,
    TelemetryPort,
)  # fmt: skip
from windows.execution.models import Run, StepLog
from windows.execution.rehearsing import Fault, FaultKind, faults_of
from windows.outbound.limits import Limits

Bite = Callable[[], None]
GONE = Reading(None, reason="no data: the fault “metrics vanish” is injected")
NOBODY = Laggard("a node that does not exist", None)


def biting(run: Run, position: int, fault: Fault) -> Bite:
    """Writes down, once, that the fault has happened."""
    told: list[Fault] = []

    def bite() -> None:
        if not told:
            told.append(fault)
            StepLog.objects.create(run_id=run.pk, position=position, level="fault", text=fault.bite)

    return bite


@dataclass(frozen=True, slots=True)
class NoMetrics:
    bite: Bite

    def objective(self, slug: str, *, window: float, at: datetime | None = None) -> Reading:
        self.bite()
        return GONE

    def prometheus(self, query: str, *, at: datetime | None = None) -> Reading:
        self.bite()
        return GONE

    def burn_rate(self, slug: str, lengths: Sequence[float]) -> Reading:
        self.bite()
        return GONE


@dataclass(frozen=True, slots=True)
class DeafNodes:
    """Flags that are set and that one node never acknowledges."""

    of: FlagPort
    bite: Bite

    def current(self, address: FlagAddress) -> FlagState:
        return self.of.current(address)

    def set(self, address: FlagAddress, mode: str, payload: Mapping[str, Any], *, expected: int) -> FlagState:
        return self.of.set(address, mode, payload, expected=expected)

    def changed_by_others(self, address: FlagAddress, *, since: int) -> str:
        return self.of.changed_by_others(address, since=since)

    def propagation(self, address: FlagAddress, global_version: int) -> Propagation:
        self.bite()
        found = self.of.propagation(address, global_version)
        return Propagation(found.nodes + 1, (*found.laggards, NOBODY))


@dataclass(frozen=True, slots=True)
class Slow:
    """Waits before what it wraps, within its limits: a step's timeout and a rollback end the waiting."""

    seconds: float
    limits: Limits
    bite: Bite

    def rest(self) -> None:
        self.bite()
        until = time.monotonic() + self.seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self.limits.check("A slowed request")))


@dataclass(frozen=True, slots=True)
class SlowHttp:
    of: HttpPort
    slow: Slow

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout: float | None = None,
        **how: Any,
    ) -> HttpAnswer:
        self.slow.rest()
        return self.of.request(method, url, headers=headers, content=content, timeout=timeout, **how)


@dataclass(frozen=True, slots=True)
class SlowSql:
    of: SqlPort
    slow: Slow

    def execute(self, database: str, statements: Sequence[str], **how: Any) -> SqlAnswer:
        self.slow.rest()
        return self.of.execute(database, statements, **how)

    def scalar(self, database: str, query: str, *, values: Mapping[str, Any] | None = None, timeout: float | None = None) -> object:
        self.slow.rest()
        return self.of.scalar(database, query, values=values, timeout=timeout)


@dataclass(frozen=True, slots=True)
class Marked:
    """What a rehearsal sends says so."""

    of: NotifyPort
    reference: str

    def send(self, recipients: Sequence[str], *, title: str, body: str, urgency: str, key: str) -> int:
        return self.of.send(recipients, title=f"(rehearsal {self.reference}, no production) {title}", body=body, urgency=urgency, key=key)


def staged(ctx: Any, run: Run, position: int) -> Any:
    """The context with the faults of the run's game day put in, and its notices marked."""
    ports: dict[str, Any] = {"notify": Marked(ctx.notify, f"RH-{run.pk}"), "parameters": {**ctx.parameters, **run.staged["parameters"]}}
    for fault in faults_of(run.staged):
        bite = biting(run, position, fault)
        match fault.kind:
            case FaultKind.METRICS_VANISH:
                ports["telemetry"] = NoMetrics(bite)
            case FaultKind.ACKNOWLEDGEMENTS_LOST:
                ports["flags"] = DeafNodes(ctx.flags, bite)
            case FaultKind.LATENCY:
                slow = Slow(fault.seconds, ctx.limits, bite)
                ports |= {"http": SlowHttp(ctx.http, slow), "sql": SlowSql(ctx.sql, slow)}
    return replace(ctx, **ports)


def watched(run: Run, telemetry: TelemetryPort) -> TelemetryPort:
    """What a watch gate of the run measures with."""
    gone = [fault for fault in faults_of(run.staged) if fault.kind is FaultKind.METRICS_VANISH]
    return NoMetrics(biting(run, 0, gone[0])) if gone else telemetry
