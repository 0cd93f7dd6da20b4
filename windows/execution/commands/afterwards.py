"""Verb: report that an SLI was breached soon after a window had ended."""

from __future__ import annotations

from typing import Any

from windows.access.roles import ENGINE
from windows.execution.commands.asking import page
from windows.execution.commands.transitions import locked, tell
from windows.execution.models import clock
from windows.incidents.commands.reporting import open_incident
from windows.incidents.queries import opened_after
from windows.scheduling.commands.transactions import one_transaction


@one_transaction
def report_breach(
    run_id: int, measure: str, reason: str, *, readings: list[dict[str, Any]], service: str = "", environment: str = ""
) -> bool:
    """An incident is opened, linked to the window, and its people and on-call hear of it: once a window, whatever breaks there and however
    often it is seen; an external reference that is unique in the database says so. False where that was done already."""
    run = locked(run_id)
    reference = run.window.reference
    if opened_after(reference) is not None:
        return False
    if not service:  # of a runbook's gate: what the window touches
        service, environment = run.window.scopes.order_by("pk").values_list("service__slug", "environment").first() or ("", "")
    named = "An SLI" if run.window.confidential else f"“{measure}”"  # everybody reads incidents
    title = f"{named} is breached soon after a change"[:200]
    lines = [f"  {one['at']}  {one['value']}  {one['verdict']}  {one['reason']}" for one in readings]
    text = "" if run.window.confidential else "\n".join([reason, *lines])[:4000]
    incident = open_incident(run.window, title, text, service, environment, now=clock())
    tell(
        run,
        ENGINE,
        [("window.breached_after", {"measure": measure, "reason": reason, "incident": incident.reference, "readings": readings})],
    )
    page(run, "breached-after", "has ended and an SLI is breached", f"{reason}\n{incident.reference} is open for it.")
    return True
