"""What a run of a window will do: its runbook with the window's parameters put in, or a person's own work."""

from __future__ import annotations

from datetime import timedelta

from windows.runbooks.queries import spec_of
from windows.runbooks.spec import ActionSpec, Plan, StepSpec, resolve
from windows.scheduling.models import Window


def plan_of(window: Window) -> Plan:
    """The plan a run copies. A manual window has one step, which its coordinator ticks. Invalid names the parameter that does not fit."""
    if window.runbook_version is None:
        return manual_plan(window)
    return resolve(spec_of(window.runbook_version), window.parameters)


def manual_plan(window: Window) -> Plan:
    prompt = f"Carry out by hand: {window.title}. Confirm when it is done."
    step = StepSpec(
        name="Carry it out by hand", action=ActionSpec("manual", {"prompt": prompt}), timeout=window.ends_at - window.starts_at,
        undo=ActionSpec("manual", {"prompt": f"Undo by hand: {window.title}. Confirm when it is undone."}), sentence=prompt,
    )  # fmt: skip
    return Plan(steps=(step,), watch=(), rollback_reserve=timedelta(), on_turn_back="roll_back")
