"""Verb: start a run. The one answer to "may this window's run begin now?" for browser, API and schedule; checks judge afterwards."""

from __future__ import annotations

from typing import Any

from django.db.models import Max

from windows.access.roles import Actor, Verb, require
from windows.approvals.commands.claims import claim_start
from windows.delivery.bell import ring_on_commit
from windows.errors import Conflict
from windows.execution.commands.transitions import tell
from windows.execution.models import LIVE, Run, StepRun, clock
from windows.execution.queries.plans import plan_of
from windows.execution.queries.reserves import reserve_of
from windows.execution.states import RunStatus
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of


@one_transaction
def start_run(actor: Actor, window_id: int) -> Run:
    """Copy the plan into a run in preflight and ring. The window becomes running when every check has passed.

    An emergency may begin as a draft, by right. Conflict(field=…) names what an approval no longer covers, the window's state, its
    begin where that has not come, or the run that is under way.
    """
    subject = subject_of(window_id)
    window = Window.objects.only("change_type", "status").get(pk=window_id)
    if window.change_type == ChangeType.EMERGENCY:
        require(actor, Verb.START_EMERGENCY, subject)
        window = locked(window_id)
        if window.status not in {WindowStatus.DRAFT, WindowStatus.APPROVED}:
            raise Conflict(f"{window.reference} is {window.status.replace('_', ' ')}.", field="status")
        approval: dict[str, Any] = {"emergency": True}
    else:
        require(actor, Verb.START, subject)
        window, found = claim_start(window_id, actor.person_id)
        if clock() < window.starts_at:
            raise Conflict(f"{window.reference} begins at {window.starts_at:%Y-%m-%d %H:%M:%S} UTC and not before.", field="starts_at")
        approval = {"digest": found.digest, "policy": found.policy}
    return _create(actor, window, approval)


def _create(actor: Actor, window: Window, approval: dict[str, Any]) -> Run:
    now = clock()
    under_way = window.runs.filter(status__in=LIVE, rehearsal="").first()
    if under_way is not None:
        raise Conflict(f"Run {under_way.number} of {window.reference} is under way already.", field="run", run=under_way.pk)
    if now >= window.ends_at:
        raise Conflict(f"{window.reference} ended at {window.ends_at:%Y-%m-%d %H:%M:%S} UTC.", field="ends_at")
    plan = plan_of(window)
    version = window.runbook_version
    reserve = reserve_of(version.runbook_id if version else None, plan.rollback_reserve)
    run = Run.objects.create(
        window=window, runbook_version=version, number=(window.runs.aggregate(last=Max("number"))["last"] or 0) + 1,
        status=RunStatus.PREFLIGHT.value, reason="The preflight checks are asked.", started_by=actor.name, started_by_id=actor.person_id,
        watch=[watch.to_json() for watch in plan.watch], overrun_policy=plan.on_turn_back, window_ends_at=window.ends_at,
        turn_back_at=window.ends_at - reserve, wake_at=now,
    )  # fmt: skip
    StepRun.objects.bulk_create(StepRun(run=run, **row) for row in plan.to_rows())
    told = {"steps": len(plan.steps), "reserve_seconds": reserve.total_seconds(), "ends_at": window.ends_at.isoformat(), **approval}
    tell(run, actor, [("run.created", told)])
    ring_on_commit("execution.advance_run", run.pk)
    return run
