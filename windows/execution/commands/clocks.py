"""Verbs of the clock: warn before turn-back, report an overrun, expire what never began, keep flags."""

from __future__ import annotations

from django.conf import settings

from windows.access.roles import ENGINE, SCHEDULE
from windows.audit.commands import record
from windows.audit.queries import trail
from windows.errors import Conflict
from windows.execution.commands.asking import page, page_not_begun
from windows.execution.commands.transitions import locked, tell
from windows.execution.models import LIVE, Run, StepRun, clock
from windows.execution.queries.due import OVERRUNNING
from windows.execution.queries.refusals import REFUSED, last_refusal, why_not_begun
from windows.flags.commands import renew_leases_of
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import about, move, reserve_until
from windows.scheduling.commands.transitions import locked as window_locked
from windows.scheduling.conflicts import OVERRUN
from windows.scheduling.models import Window


@one_transaction
def warn(run_id: int) -> bool:
    """Turn-back time is near: on-call is told, once. False where it was told already."""
    run = locked(run_id)
    if not Run.objects.filter(pk=run_id, warned_at=None).update(warned_at=clock()):
        return False
    policy = "it is rolled back" if run.overrun_policy == "roll_back" else "it is held and you are asked"
    body = f"At {run.turn_back_at:%Y-%m-%d %H:%M:%S} UTC {policy}, unless it is done by then."
    tell(run, ENGINE, [("run.turn_back_near", {"policy": run.overrun_policy})])
    page(run, "turn-back", "turns back soon", body)
    return True


@one_transaction
def report_overrun(run_id: int) -> bool:
    """The window has ended and its run has not: on-call is told, once."""
    run = locked(run_id)
    if not Run.objects.filter(pk=run_id, overrun_at=None).update(overrun_at=clock()):
        return False
    tell(run, ENGINE, [("run.overran", {"status": run.status, "ends_at": run.window_ends_at.isoformat()})])
    body = f"It was to end at {run.window_ends_at:%Y-%m-%d %H:%M:%S} UTC and is {run.status.replace('_', ' ')}."
    page(run, "overrun", "overruns its window", body)
    return True


@one_transaction
def report_forgotten(step_id: int) -> bool:
    """Something is stopped and was not let go on: on-call is told, once."""
    step = StepRun.objects.get(pk=step_id)
    run = locked(step.run_id)
    if not StepRun.objects.filter(pk=step_id, forgotten_at=None).update(forgotten_at=clock()):
        return False
    tell(run, ENGINE, [("run.resume_forgotten", {"step": step.name, "position": step.position, "quiesces": step.quiesces})])
    body = f"“{step.name}” stopped {step.quiesces}, and no step has let it go on. The run is {run.status.replace('_', ' ')}."
    page(run, f"forgotten:{step.position}", f"keeps {step.quiesces} stopped", body)
    return True


@one_transaction
def keep_place(run_id: int) -> bool:
    """What a run reserved that outlives its window grows with it. False where another window holds that time: the trail and on-call
    hear of it, once a rival, and the run goes on."""
    run = locked(run_id)
    if run.status not in OVERRUNNING:
        return True
    try:
        reserve_until(run.window_id, clock() + OVERRUN)
    except Conflict as refusal:
        meet(run, refusal)
        return False
    return True


def meet(run: Run, refusal: Conflict) -> None:
    kind, reference, rival = "run.overran_into", run.window.reference, refusal.rival or "another window"
    if not any(entry.data["rival"] == rival for entry in trail(window=reference, kinds=[kind])):
        tell(run, ENGINE, [(kind, {"rival": rival, "reason": refusal.detail})])
        body = (
            f"It is {run.status.replace('_', ' ')} after its end, and {refusal.detail} That one will not begin while this one is under way."
        )
        page(run, f"overran-into:{rival}", f"runs on into the time of {rival}", body)


@one_transaction
def report_refusal(window_id: int, reason: str) -> bool:
    """Its time has come and it may not begin: the trail says why, once a reason, and its coordinator is paged, once a window. False
    where that was said already, or has been overtaken."""
    window = window_locked(window_id)
    said = last_refusal(window)
    under_way = window.runs.filter(status__in=LIVE, rehearsal="").exists()
    if window.status != WindowStatus.APPROVED or under_way or (said and said.data["reason"] == reason):
        return False
    record(REFUSED, SCHEDULE, window.reference, window=window.reference, data={**about(window), "reason": reason})
    page_not_begun(window, reason)
    return True


@one_transaction
def expire(window_id: int) -> None:
    """An approved window whose latest start has passed expires; the reason names what blocked it. Conflict when it moved on."""
    why = why_not_begun(Window(pk=window_id))
    reason = f"It did not begin before its latest start: {why}" if why else "Nobody began it before its latest start."
    move(window_id, WindowStatus.EXPIRED, SCHEDULE, "window.expired", expected=WindowStatus.APPROVED, data={"reason": reason})


def keep_flags(window: str) -> int:
    """A run that sleeps has no heartbeat: the sweep renews its flags' leases. Answers how many flags are held."""
    return renew_leases_of(ENGINE, window, settings.ROADWORKS.flag_lease)
