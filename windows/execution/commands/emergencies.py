"""Verb: hold the others. An emergency takes no slot; the runs that work where it works are held instead, and asked."""

from __future__ import annotations

from datetime import datetime

from windows.access.roles import ENGINE
from windows.execution.commands.asking import ask
from windows.execution.commands.holding import wake
from windows.execution.commands.transitions import become, locked
from windows.execution.models import Run
from windows.execution.states import RunStatus
from windows.scheduling.models import WindowScope

HOLDABLE = [RunStatus.RUNNING.value, RunStatus.VALIDATING.value]


def hold_others(emergency: Run, now: datetime) -> list[int]:
    """Hold every run under way that shares a place with the emergency. Inside the transaction that begins it."""
    places = set(emergency.window.scopes.values_list("service_id", "environment", "region"))
    near = WindowScope.objects.filter(window__runs__status__in=HOLDABLE, service__in={place[0] for place in places})
    rows = near.exclude(window=emergency.window_id).values_list("service_id", "environment", "region", "window__runs")
    runs = Run.objects.filter(pk__in={row[3] for row in rows if row[:3] in places}, status__in=HOLDABLE, rehearsal="")
    held = []
    for run_id in runs.order_by("pk").values_list("pk", flat=True):
        run = locked(run_id)
        if run.status in HOLDABLE:
            name = "A confidential emergency" if emergency.window.confidential else f"The emergency {emergency.window.reference}"
            reason = f"{name} began in the same place."
            become(run, RunStatus.HELD, ENGINE, reason=reason, now=now)
            ask(run, reason, f"emergency:{emergency.pk}")
            wake(run)
            held.append(run.pk)
    return held
