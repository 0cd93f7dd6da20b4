"""The SLIs of a window that has ended: measured on for `watch_after` under its run, judged in the pure, answered by one incident (X9).

Watched are the gates of the run's `watch:` and every critical objective of the scope. Measuring happens outside any transaction.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import F, Q

from slo.burn_rate import WINDOWS, burn_rate
from slo.intervals import Interval
from slo.maintenance import minute_after
from slo.objectives.queries import Promise, promises
from slo.telemetry.queries import ratios
from windows.actions.gates import Answer, Reading, Verdict, judge
from windows.actions.measurement import Gate, measure
from windows.execution.afterwards import WATCHED, Finding, is_due, judge_burn, judge_gate
from windows.execution.commands.afterwards import report_breach
from windows.execution.models import GateReading, Run
from windows.execution.ports.context import keep_reading, measuring_ports
from windows.execution.watching import told
from windows.scheduling.models import WindowScope

MANY = 200
ROW = 500  # verdicts looked back at


def due(now: datetime) -> list[int]:
    """Runs that ended so lately that their SLIs are still watched, and are to be measured now, so many at a time, those first that were
    looked at longest ago; one query."""
    length = settings.ROADWORKS.watch_after
    ended = Run.objects.filter(status__in=sorted(WATCHED), rehearsal="", ended_at__gt=now - length)
    rows = ended.order_by(F("measured_at").asc(nulls_first=True), "ended_at").values_list("pk", "ended_at", "measured_at")
    return [pk for pk, at, measured_at in rows if at is not None and is_due(now, at + length, measured_at, at)][:MANY]


def watch_after(run_id: int, now: datetime) -> None:
    """Measure everything once; another worker that comes upon it meanwhile finds that it was measured."""
    run = Run.objects.select_related("window__team").get(pk=run_id)
    seen = Run.objects.filter(Q(measured_at=run.measured_at) if run.measured_at else Q(measured_at=None), pk=run_id)
    if run.ended_at is None or not seen.update(measured_at=now):
        return
    for entry in run.watch:
        name = entry["name"][:120]
        answer(run, name, measured_gate(run, name, Gate.model_validate(entry["gate"]), now))
    for promise, finding, value in burning(run, run.ended_at, now):
        name = f"burn rate of {promise.slug}"[:120]
        keep_reading(run.pk, None, name, Reading(value, newest_at=now), finding.verdict)
        answer(run, name, finding, service=promise.service, environment=promise.environment)


def answer(run: Run, name: str, finding: Finding, service: str = "", environment: str = "") -> None:
    if finding.breach:
        readings = list(GateReading.objects.filter(run=run, gate=name, position=None).order_by("-pk")[:10])
        facts = [told(row) for row in reversed(readings)]
        report_breach(run.pk, name, finding.breach, readings=facts, service=service, environment=environment)


def measured_gate(run: Run, name: str, gate: Gate, now: datetime) -> Finding:
    telemetry, sql = measuring_ports(run)
    reading = measure(gate, telemetry=telemetry, sql=sql, now=now, opened_at=run.started_at)
    keep_reading(run.pk, None, name, reading, judge(reading, gate.spec(), now))
    rows = GateReading.objects.filter(run=run, gate=name, position=None, at__gt=run.ended_at).order_by("-pk")[:ROW]
    return judge_gate(gate.source, [Verdict(Answer(row.verdict), row.reason, row.is_error) for row in rows[::-1]], gate.spec())


def burning(run: Run, ended_at: datetime, now: datetime) -> list[tuple[Promise, Finding, float | None]]:
    """Each critical objective of the scope, judged, with its burn rate since the first whole minute after the end. Three statements."""
    places = set(WindowScope.objects.filter(window=run.window_id).values_list("service__slug", "environment"))
    wanted = [
        one for one in promises(services={name for name, _ in places}) if one.is_critical and (one.service, one.environment) in places
    ]
    after = Interval(min(minute_after(ended_at), now), now)
    spans = [*(Interval(now - span, now) for span in WINDOWS.values()), after]
    sums = iter(ratios([(one.series, span) for one in wanted for span in spans]))
    found = []
    for one in wanted:
        *rates, since = [burn_rate(next(sums), one.target) for _ in spans]
        found.append((one, judge_burn(one.slug, dict(zip(WINDOWS, rates, strict=True)), since, one.alerts), since))
    return found
