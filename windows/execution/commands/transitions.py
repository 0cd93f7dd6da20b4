"""The two compare-and-swaps: every status of a run and of a step run is written here and nowhere else.

Lock order: run, window, flag counter, audit. Where an approval is judged (a run is created, its preflight is settled) the freezes'
lock and the window come first: no verb that a person has gets past the row of a run in preflight to its window.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from windows.access.roles import Actor
from windows.alerts.commands.over import hand_over
from windows.audit.commands import record_all
from windows.errors import Conflict, NotFound
from windows.execution.commands.excusing import excuse_window, give_back_of
from windows.execution.commands.tracing import leave_trace
from windows.execution.models import Run, Signature, StepRun
from windows.execution.queries.expected import expected_in
from windows.execution.states import RUN_FINAL, RunStatus, StepStatus, run_may_become, step_may_become
from windows.lifecycle.states import WindowStatus
from windows.live.commands import OpenWindow, Place, close_scopes, open_scopes
from windows.scheduling.commands.transitions import move

TOLD = {
    RunStatus.RUNNING: "run.started",
    RunStatus.BLOCKED: "run.blocked",
    RunStatus.HELD: "run.held",
    RunStatus.VALIDATING: "run.validation_started",
    RunStatus.SUCCEEDED: "run.succeeded",
    RunStatus.ROLLING_BACK: "run.rollback_started",
    RunStatus.ROLLED_BACK: "run.rolled_back",
    RunStatus.STUCK: "run.stuck",
    RunStatus.ABORTED: "run.aborted",
}
ENDS = {  # what the end of a run means to its window
    RunStatus.SUCCEEDED: (WindowStatus.COMPLETED, "window.completed"),
    RunStatus.ROLLED_BACK: (WindowStatus.ROLLED_BACK, "window.rolled_back"),
    RunStatus.ABORTED: (WindowStatus.FAILED, "window.failed"),
}


def locked(run_id: int) -> Run:
    """The run's row under lock, its window beside it; NotFound where there is none."""
    if not connection.in_atomic_block:
        raise RuntimeError("a run is locked only inside a transaction")
    run = Run.objects.select_for_update(of=("self",)).select_related("window").filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such run.")
    return run


def become(
    run: Run, to: RunStatus, actor: Actor, *, reason: str, now: datetime, kind: str = "", data: dict[str, Any] | None = None, **columns: Any
) -> None:
    """Compare-and-swap the run's status, carry its window and live rows along, tell the trail. Inside the caller's transaction.

    Conflict(field="status") names the state in force when the table has no such edge or another was quicker. `run` is brought up to
    date; `columns` are further columns to set with it.
    """
    before = run.status
    if not run_may_become(before, to.value):
        detail = f"Run {run.number} of {run.window.reference} is {spoken(before)}, so it cannot become {spoken(to)}."
        raise Conflict(detail, field="status", status=before)
    waives = to is RunStatus.RUNNING and run.gap_at is not None
    changes: dict[str, Any] = {"hold_until": None, "hold_action": "", "gap_at": None, **columns, "status": to.value, "reason": reason}
    if to is RunStatus.RUNNING:
        changes |= {"watched_since": now, "back_to": None} | ({"covered_since": now} if waives else {})
    if to in RUN_FINAL:
        changes |= {"wake_at": None, "lease_until": None, "ended_at": now}
    if not Run.objects.filter(pk=run.pk, status=before).update(**changes):
        raise Conflict(f"Run {run.number} of {run.window.reference} is no longer {spoken(before)}.", field="status", status=before)
    for name, value in changes.items():
        setattr(run, name, value)
    told = {"from": before, "to": to.value, "reason": reason, **(data or {})}
    if waives:
        told["waived" if actor.person_id else "passed_over"] = "the tags that did not arrive until now"
    if to is not RunStatus.ABORTED and (lapsed := Signature.objects.filter(run=run).delete()[0]):
        told["signatures_lapsed"] = lapsed  # who signed to abort a held run did not sign to abort the one that went on
    if run.hold_until:
        told |= {"hold_until": run.hold_until.isoformat(), "hold_action": run.hold_action}
    tell(run, actor, [(kind or TOLD[to], told)])
    _carry_window(run, RunStatus(before), to, actor, reason=reason, now=now)
    if to in RUN_FINAL:
        leave_trace(run, now)


def step_become(step: StepRun, to: StepStatus, **columns: Any) -> None:
    """Compare-and-swap a step run's status. The caller holds the run's lock and tells the trail."""
    if not step_may_become(step.status, to.value):
        detail = f"Step {step.position} is {spoken(step.status)}, so it cannot become {spoken(to)}."
        raise Conflict(detail, field="status", status=step.status)
    changes = {"wake_at": None, **columns, "status": to.value}
    if not StepRun.objects.filter(pk=step.pk, status=step.status).update(**changes):
        raise Conflict(f"Step {step.position} is no longer {spoken(step.status)}.", field="status", status=step.status)
    for name, value in changes.items():
        setattr(step, name, value)


def tell(run: Run, actor: Actor, entries: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Entries of the trail about this run, in one statement, each with the values a message needs."""
    about = {"title": run.window.title, "run": run.number, "turn_back_at": run.turn_back_at.isoformat() if run.turn_back_at else None}
    reference = run.window.reference
    if run.rehearsal:  # told beside the window, never as a part of its life
        about["rehearsal"] = f"RH-{run.pk}"
        entries = [(f"rehearsal.{kind[4:]}" if kind.startswith("run.") else f"rehearsal_{kind}", data) for kind, data in entries]
    record_all([(kind, {**about, **data}) for kind, data in entries], actor, reference, window=reference, run_id=run.pk)


def about_step(step: StepRun, **facts: Any) -> dict[str, Any]:
    """What an entry says about a step."""
    return {"position": step.position, "step": step.name, "kind": step.kind, "phase": step.phase, "attempt": step.attempt, **facts}


def _carry_window(run: Run, before: RunStatus, to: RunStatus, actor: Actor, *, reason: str, now: datetime) -> None:
    window = run.window
    if run.rehearsal:
        return  # its window has not begun, and nothing is under maintenance
    if to is RunStatus.RUNNING and before is RunStatus.PREFLIGHT:
        expected = WindowStatus(window.status)
        told: dict[str, Any] = {"run": run.number}
        if excused := excuse_window(run, now):
            told["adjustments"] = excused
        run.window = move(window.pk, WindowStatus.RUNNING, actor, "window.started", expected=expected, data=told, started_at=now)
        open_live(run, now)
    elif to in ENDS:
        status, kind = ENDS[to]
        ended = {"run": run.number, "reason": reason, "late": now > window.ends_at}
        run.window = move(window.pk, status, actor, kind, expected=WindowStatus.RUNNING, data=ended, ended_at=now)
        hand_over(window.reference, now)
        close_scopes(window.reference)
        give_back_of(run, now)
        end_extensions(run, actor, now)


def end_extensions(run: Run, actor: Actor, now: datetime) -> None:
    """Nobody decided about more time before the run ended: nobody need any more, and the trail says so."""
    left = run.window.extensions.filter(decision="", closed_at=None)
    ended = [(row.pk, {"until": row.until.isoformat(), "reason": "The run ended before anybody decided about it."}) for row in left]
    run.window.extensions.filter(pk__in=[pk for pk, _ in ended]).update(closed_at=now)
    if ended:
        tell(run, actor, [("window.extension_closed", facts) for _, facts in ended])


def open_live(run: Run, now: datetime) -> None:
    """The window's scope as live rows: from here on tags, /metrics and the status page know it."""
    window = run.window
    rows = window.scopes.values_list("service__slug", "environment", "region", "layer")
    open_scopes(
        OpenWindow(
            window=window.reference, run_id=run.pk, title=window.title, mode=window.mode, owner=window.owner.name[:120], since=now,
            until=window.ends_at, coordinator=window.coordinator.name[:120], coordinator_email=window.coordinator.email,
            team=window.team.slug, expected_alerts=expected_in(window),
            runbook=f"{settings.PORTAL_URL}/windows/{window.reference}" if run.runbook_version_id else "",
            confidential=window.confidential,
        ),
        [Place(*row) for row in rows],
    )  # fmt: skip


def spoken(status: str) -> str:
    return str(status).replace("_", " ")
