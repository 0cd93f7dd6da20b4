"""Calls of Alertmanager's webhook that tests send, and a window that is open to receive them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.given_runs import people, run_of, step
from windows.access.roles import ENGINE
from windows.alerts.commands.hearing import Taken, hear
from windows.alerts.wire import read
from windows.audit.clock import clock
from windows.execution.models import Run
from windows.live.commands import set_step
from windows.scheduling.models import Window

SLOW = {"alert": "OrdersSlow", "service": "orders", "environment": "production", "begin": 0, "end": 30, "because": "the index is rebuilt"}


def alert(name: str = "OrdersDown", *, at: datetime | None = None, over: bool = False, **labels: str) -> dict[str, Any]:
    """One alert of a call; a label that is "" is left out."""
    given = {"alertname": name, "service": "orders", "environment": "production", "severity": "critical"} | labels
    begins = at or clock()
    return {
        "status": "resolved" if over else "firing",
        "labels": {key.rstrip("_"): value for key, value in given.items() if value},
        "annotations": {"summary": f"{name} of a test"},
        "startsAt": begins.isoformat(),
        "endsAt": (begins + timedelta(seconds=1)).isoformat() if over else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "",
    }


def call(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {"version": "4", "receiver": "roadworks", "status": "firing", "groupKey": "g", "alerts": list(alerts)}


def heard(*alerts: dict[str, Any]) -> Taken:
    """As if Alertmanager had sent them in one call."""
    return hear(ENGINE, read(call(*alerts)))


def open_window(*expected: dict[str, Any], **facts: Any) -> Run:
    """A running window of orders in production, at its step "Rebuild the index", with Carl coordinating and Otto on call."""
    window = people()
    Window.objects.filter(pk=window.pk).update(expected_alerts=list(expected), **facts)
    window.refresh_from_db()
    run = run_of(step(), window=window)
    set_step(run.window.reference, "Rebuild the index")
    return run
