"""Logs and traces of a window on the debug board."""

from __future__ import annotations

from portal.dashboards.panels import Panel
from windows.access.roles import Actor
from windows.signals.queries import Wanted, lines, traces


def signal_panels(viewer: Actor, wanted: Wanted) -> list[Panel]:
    found = {"traces": traces(viewer, wanted), "wanted": wanted}
    logs = {"lines": lines(viewer, wanted), "wanted": wanted}
    return [
        Panel(name="traces", title="Traces", template="dashboards/_traces.html", told=found, look="whole"),
        Panel(name="logs", title="Logs", template="dashboards/_lines.html", told=logs, look="whole"),
    ]
