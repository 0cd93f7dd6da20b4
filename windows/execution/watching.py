"""Watch gates: measured all along the run, judged in the pure, answered by a hold or a rollback with the reason in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q

from slo.telemetry.carrying import under
from windows.actions.gates import Answer, Outlook, Verdict, judge, progress
from windows.actions.measurement import Gate, measure
from windows.execution.commands.watches import answer_gate
from windows.execution.models import GateReading, Run, clock
from windows.execution.ports.context import keep_reading, measuring_ports
from windows.execution.queries.tags import known_tags
from windows.execution.states import RunStatus
from windows.lifecycle.words import counted

WATCHED = [RunStatus.RUNNING.value, RunStatus.VALIDATING.value, RunStatus.HELD.value]
ROW = 500  # verdicts looked back at
EARLY = timedelta(milliseconds=100)  # ticks are not exact: so much earlier is on time


def due(now: datetime) -> list[int]:
    """Runs with a watch gate that may be due; one query."""
    runs = Run.objects.filter(status__in=WATCHED).exclude(watch=[])
    return [pk for pk, watch, at in runs.values_list("pk", "watch", "measured_at") if at is None or now - at >= shortest(watch) - EARLY]


def shortest(watch: list[dict[str, Any]]) -> timedelta:
    return timedelta(seconds=min(float(entry["interval"]) for entry in watch))


def watch(run_id: int) -> None:
    """Measure the gates of one run that are due and act on what they say. Measuring happens outside any transaction."""
    now = clock()
    run = Run.objects.select_related("window__team").filter(pk=run_id, status__in=WATCHED).first()
    if run is None or not run.watch:
        return
    seen = Run.objects.filter(Q(measured_at=run.measured_at) if run.measured_at else Q(measured_at=None), pk=run_id)
    if not seen.update(measured_at=now):
        return  # another worker measures right now
    last = dict(run.readings.filter(position=None).values("gate").annotate(last=Max("at")).values_list("gate", "last"))
    for entry in run.watch:
        before = last.get(entry["name"][:120])
        if before is None or now - before >= timedelta(seconds=float(entry["interval"])) - EARLY:
            judge_gate(run, entry)


def judge_gate(run: Run, entry: dict[str, Any]) -> None:
    """One measurement, and what follows from it and those before it since the run last went on."""
    name, gate = entry["name"][:120], Gate.model_validate(entry["gate"])
    spec = gate.spec()
    telemetry, sql = measuring_ports(run)
    with under(known_tags(run)):
        reading = measure(gate, telemetry=telemetry, sql=sql, now=clock(), opened_at=run.started_at)
    verdict = judge(reading, spec, clock())
    keep_reading(run.pk, None, name, reading, verdict)
    rows = GateReading.objects.filter(run=run, gate=name, position=None)
    if run.watched_since:
        rows = rows.filter(at__gte=run.watched_since)
    kept = list(rows.order_by("-pk")[:ROW])[::-1]
    stands = progress([Verdict(Answer(row.verdict), row.reason, row.is_error) for row in kept], spec)
    facts = [told(row) for row in kept[-10:]]
    if stands.outlook is Outlook.FAILED:
        reason = f"The gate “{name}” failed: {gate.source} is {verdict.reason}, {counted(stands.failures, 'time')}."
        answer_gate(run.pk, name, entry["on_fail"], reason, readings=facts)
    elif stands.outlook is Outlook.UNDECIDED:
        errors = f", {stands.errors} of them errors" if stands.errors else ""
        reason = f"The gate “{name}” cannot be decided: {verdict.reason} ({stands.inconclusive} inconclusive in a row{errors})."
        answer_gate(run.pk, name, "ask", reason, readings=facts, otherwise=entry["on_fail"])


def told(row: GateReading) -> dict[str, Any]:
    return {"at": f"{row.at:%H:%M:%S}", "value": row.value, "verdict": row.verdict, "is_error": row.is_error, "reason": row.reason}
