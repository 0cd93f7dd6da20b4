"""Verb: answer a watch gate that failed or cannot be decided."""

from __future__ import annotations

from typing import Any, Literal

from django.conf import settings

from windows.access.roles import ENGINE
from windows.audit.clock import clock
from windows.delivery.models import Urgency
from windows.execution.commands.asking import ask, page
from windows.execution.commands.holding import wake
from windows.execution.commands.transitions import become, locked
from windows.execution.models import Run
from windows.execution.queries.snapshots import state_of
from windows.execution.saga import checkpoint_before
from windows.execution.states import RunStatus
from windows.scheduling.commands.transactions import one_transaction

UNDER_WAY = {RunStatus.RUNNING, RunStatus.VALIDATING}


@one_transaction
def answer_gate(
    run_id: int,
    gate: str,
    action: Literal["roll_back", "checkpoint", "hold", "ask"],
    reason: str,
    *,
    readings: list[dict[str, Any]],
    otherwise: str = "roll_back",
) -> Run:
    """Roll back, or hold and ask on-call once; without an answer within the inconclusive timeout: `otherwise`, which is a rollback
    unless the runbook says hold. `checkpoint` rolls back to the last one that was reached, or everything where none was. A run that is
    held already is only rolled back; one that ended is left alone."""
    run = locked(run_id)
    data = {"gate": gate, "readings": readings}
    now = clock()
    if action in {"roll_back", "checkpoint"} and run.status in {*UNDER_WAY, RunStatus.HELD}:
        back_to = checkpoint_before(state_of(run, run.steps.order_by("position")).steps) if action == "checkpoint" else None
        if run.status == RunStatus.HELD and back_to is not None and back_to == run.back_to:
            return run  # it is there already, and a person decides
        become(run, RunStatus.ROLLING_BACK, ENGINE, reason=reason, now=now, data={**data, "back_to": back_to}, back_to=back_to)
        page(run, f"gate:{gate}:{now.isoformat()}", "is rolled back", reason, Urgency.PAGE)
        wake(run)
    elif run.status in UNDER_WAY:
        until: dict[str, Any] = (
            {} if otherwise == "hold" else {"hold_until": now + settings.ROADWORKS.inconclusive_timeout, "hold_action": "roll_back"}
        )
        become(run, RunStatus.HELD, ENGINE, reason=reason, now=now, data=data, **until)
        lines = [f"  {r['at']}  {r['value']}  {r['verdict']}  {r['reason']}" for r in readings]
        ask(run, "\n".join([reason, *lines]), f"gate:{gate}:{now.isoformat()}")
        wake(run)
    return run
