"""Builds the context of one call of an action: real ports, one deadline, one stop signal, the telemetry tags on everything."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from windows.actions.gates import Answer, Reading, Verdict
from windows.actions.ports import FlagPort, HttpPort, NotifyPort, SqlPort, Stopped, TelemetryPort, TimedOut
from windows.audit.clock import clock
from windows.execution.intent import Intent
from windows.execution.models import GateReading, Run, StepLog, StepRun
from windows.execution.ports.command import Command
from windows.execution.ports.credentials import libpq, login
from windows.execution.ports.faults import staged, watched
from windows.execution.ports.flags import Flags
from windows.execution.ports.http import Http, carried
from windows.execution.ports.notify import Notify
from windows.execution.ports.patience import patiently
from windows.execution.ports.sql import Login, Sql
from windows.execution.ports.surfaces import Surfaces
from windows.execution.ports.telemetry import Telemetry
from windows.execution.queries.tags import tags_of
from windows.outbound.limits import Limits

LONGEST_TEXT = 4000  # characters of a line in a step's log


@dataclass(frozen=True, slots=True)
class StepContext:
    """See actions.context.Context."""

    run_id: int
    position: int
    idempotency_key: str
    fence: int
    attempt: int
    deadline: datetime
    opened_at: datetime | None
    checkpoint: Mapping[str, Any]
    parameters: Mapping[str, Any]
    tags: Mapping[str, str]
    http: HttpPort
    sql: SqlPort
    command: Command
    flags: FlagPort
    telemetry: TelemetryPort
    notify: NotifyPort
    surfaces: Surfaces
    limits: Limits
    began: tuple[datetime, float]  # the database's clock and the monotonic one, at one moment

    def stop_requested(self) -> bool:
        return self.limits.stop()

    def now(self) -> datetime:
        at, ticks = self.began
        return at + timedelta(seconds=time.monotonic() - ticks)

    def sleep(self, seconds: float) -> bool:
        until = self.limits.within(seconds)
        while True:
            try:
                time.sleep(until.check("sleep"))
            except TimedOut:
                return False
            except Stopped:
                return True

    def log(self, text: str, level: str = "info") -> None:
        patiently(lambda: keep_lines(self.run_id, self.position, [text], level), self.limits)

    def measured(self, gate: str, reading: Reading, verdict: Verdict) -> None:
        patiently(lambda: keep_reading(self.run_id, self.position, gate, reading, verdict), self.limits)


def keep_lines(run_id: int, position: int, lines: list[str], level: str = "info") -> None:
    StepLog.objects.bulk_create(
        StepLog(run_id=run_id, position=position, level=level[:10], text=line.replace("\x00", "�")[:LONGEST_TEXT]) for line in lines
    )


def keep_reading(run_id: int, position: int | None, gate: str, reading: Reading, verdict: Verdict) -> None:
    """One row of a gate's history. A value that proves nothing (NaN, stale) is told in the reason, not kept as a number."""
    value = reading.value if verdict.answer is not Answer.INCONCLUSIVE else None
    GateReading.objects.create(
        run_id=run_id,
        position=position,
        gate=gate[:120],
        value=value,
        verdict=verdict.answer.value,
        is_error=verdict.is_error,
        reason=verdict.reason,
    )


def build(step_run: StepRun, run: Run, intent: Intent, stop: Callable[[], bool]) -> StepContext:
    """The context for what `intent` says. The deadline is turned into monotonic time here, by the database's clock."""
    patience = Limits.of(step_run.timeout.total_seconds(), stop)
    now, ticks = (intent.at, intent.ticks) if intent.at else (patiently(clock, patience), time.monotonic())
    limits = Limits.of((intent.deadline - now).total_seconds(), stop)
    tags = patiently(lambda: tags_of(run, step_run), patience)
    told = {name.upper().replace(".", "_"): value.replace("\x00", "") for name, value in tags.items()}
    told |= {"IDEMPOTENCY_KEY": intent.key, "ROADWORKS_FENCE": str(intent.fence)}

    def log(lines: list[str]) -> None:
        patiently(lambda: keep_lines(run.pk, intent.position, lines), limits)

    ctx = StepContext(
        run_id=run.pk,
        position=intent.position,
        idempotency_key=intent.key,
        fence=intent.fence,
        attempt=intent.attempt,
        deadline=intent.deadline,
        opened_at=run.started_at,
        checkpoint=dict(intent.checkpoint),
        parameters=dict(run.window.parameters),
        tags=tags,
        http=Http(limits, carried(tags, intent.key, intent.fence), settings.HTTP_ALLOWED_HOSTS),
        sql=sql_port(limits, tags, lambda name, database: login(run, step_run.name, name, database)),
        command=Command(limits, settings.COMMANDS_DIR, told, log, lambda name: libpq(run, step_run.name, name)),
        flags=Flags(run.window.reference, settings.ROADWORKS.flag_lease, limits, confidential=run.window.confidential),
        telemetry=telemetry_port(limits),
        notify=Notify(run.window, limits),
        surfaces=Surfaces(run, limits),
        limits=limits,
        began=(now, ticks),
    )
    return staged(ctx, run, intent.position) if run.rehearsal else ctx


def sql_port(limits: Limits, tags: Mapping[str, str], login: Login | None = None) -> Sql:
    return Sql(limits, settings.TARGET_DATABASES, f"roadworks {tags['maintenance.window']} {tags['maintenance.step']}".strip(), login)


def telemetry_port(limits: Limits) -> Telemetry:
    return Telemetry(limits, settings.PROMETHEUS_URL, settings.ROADWORKS.gate_timeout.total_seconds())


def measuring_ports(run: Run, stop: Callable[[], bool] = lambda: False) -> tuple[TelemetryPort, Sql]:
    """What a gate under `watch:` measures with, outside any step; each measurement has the gate timeout of the settings."""
    limits = Limits.of(settings.ROADWORKS.gate_timeout.total_seconds(), stop)
    return watched(run, telemetry_port(limits)), sql_port(limits, tags_of(run, None))
