"""The one transaction between two acts: write the outcome of the last, decide, write the intent of the next. Fenced.

A worker that lost its lease finds another fencing token in the run's row, and writes nothing.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from windows.access.roles import ENGINE
from windows.actions.outcomes import Failed, Outcome
from windows.actions.registry import kinds
from windows.delivery.models import Urgency
from windows.execution import saga
from windows.execution.commands.asking import ask, page, page_stuck
from windows.execution.commands.transitions import about_step, become, step_become, tell
from windows.execution.engine import results
from windows.execution.engine.locking import LockedRun, freezes_met, lock
from windows.execution.engine.work import Act, Ownership, Preflight, timed_out, with_readings
from windows.execution.intent import Intent
from windows.execution.models import Run, StepRun
from windows.execution.queries.coverage import gap
from windows.execution.queries.snapshots import is_undoing, state_of
from windows.execution.states import RUN_FINAL, Phase, RunStatus, StepStatus
from windows.live.commands import set_step


def turn(own: Ownership, finished: tuple[Intent, Outcome] | None, *, stopping: bool = False) -> Preflight | Act | None:
    """Beats 4, 5, 1 and 2 in one. None: the run sleeps, ended, belongs to another, or we must stop; then it is not ours any more."""
    asked = time.monotonic()
    with transaction.atomic(durable=True):
        locked = lock(own.run_id, own.window)
        if locked is None or (own.fence is not None and locked.run.fence != own.fence) or not _may_take(own, locked):
            return None
        work = _Turn(own, locked).take(finished, stopping=stopping)
    own.fence, own.revision, own.now, own.window = locked.run.fence, locked.run.revision, locked.now, locked.run.window
    own.leased = asked + (locked.run.lease_until - locked.now).total_seconds() if locked.run.lease_until else 0.0
    return work


def _may_take(own: Ownership, locked: LockedRun) -> bool:
    run = locked.run
    return own.fence is not None or (run.status not in RUN_FINAL and (run.lease_until is None or run.lease_until <= locked.now))


class _Turn:
    """One turn's working memory. Entries of the trail are collected and written in one statement, in their order."""

    def __init__(self, own: Ownership, locked: LockedRun) -> None:
        self.own, self.locked, self.run, self.now = own, locked, locked.run, locked.now
        self.owned = own.fence is not None
        self.entries: list[results.Entry] = []
        if not self.owned or own.revision != self.run.revision:
            own.steps = {step.position: step for step in self.run.steps.order_by("position")}
        self.steps = own.steps

    def take(self, finished: tuple[Intent, Outcome] | None, *, stopping: bool) -> Preflight | Act | None:
        if finished is not None:
            self.conclude(*finished)
        if self.run.status in RUN_FINAL:  # aborted while the step was in flight: its outcome is kept, nothing follows
            self.flush()
            return None
        if stopping:
            self.release(self.now)
            return None
        while True:
            decision = saga.decide(self.state(), self.now)
            match decision:
                case saga.RunPreflight():
                    self.hold_lease()
                    return Preflight(self.run)
                case saga.Execute(position):
                    return self.execute(self.steps[position])
                case saga.Compensate(position):
                    return self.compensate(self.steps[position])
                case saga.Sleep(until):
                    self.release(until)
                    return None
                case saga.Expire(position):
                    step = self.steps[position]
                    self.entries.append(results.forward(step, Failed(timed_out(step)), self.now))
                case saga.GiveUp(position):
                    self.give_up(self.steps[position])
                case saga.Doubt(position):
                    self.doubt(self.steps[position])
                case saga.Become():
                    self.become(decision)
                    if self.run.status in RUN_FINAL:
                        return None

    def state(self) -> saga.Run:
        freeze = None
        if self.locked.is_frozen and not self.run.rehearsal and self.run.status != RunStatus.PREFLIGHT:
            for entry in (found := freezes_met(self.run, self.now)).noted:
                self.meet(entry.id)
                self.entries.append(("run.freeze_met", {"freeze": entry.title, "policy": entry.policy}))
            freeze = found.first
        return state_of(self.run, self.steps.values(), owned=self.owned, freeze=freeze)

    def conclude(self, intent: Intent, outcome: Outcome) -> None:
        step = self.steps[intent.position]
        entry = results.write(step, intent, outcome, self.now)
        if entry is None:
            return
        self.entries.append(entry)
        kind, facts = entry
        if kind == "step.undecided" and self.run.status in {RunStatus.RUNNING, RunStatus.VALIDATING}:
            ends = {"hold_until": self.now + settings.ROADWORKS.inconclusive_timeout, "hold_action": "roll_back"}
            reason = f"Step {step.position} “{step.name}” cannot be decided: {facts['reason']}"
            stays = facts["otherwise"] == "hold"
            self.enter(RunStatus.HELD, reason, data={"readings": facts["readings"]}, **({} if stays else ends))
            ask(self.run, with_readings(reason, facts["readings"]), f"{step.position}:{step.attempt}")
        elif kind in {"step.asked", "step.compensation_asked"}:
            back = kind == "step.compensation_asked"  # nothing else goes on, and no clock ends it
            key = f"{kind}:{step.position}:{step.attempt}:{step.undo_attempt}"
            page(self.run, key, f"needs you: step {step.position} “{step.name}”", step.prompt, Urgency.PAGE if back else Urgency.TICKET)

    def give_up(self, step: StepRun) -> None:
        back = step.status == StepStatus.COMPENSATING
        tries = step.undo_attempt if back else step.attempt
        failed = Failed(f"its worker died again, in try {tries}: it is not tried any more", permanent=True)
        self.entries.append((results.backward if back else results.forward)(step, failed, self.now))

    def doubt(self, step: StepRun) -> None:
        reason = f"The worker of step {step.position} “{step.name}” died and the step may not be repeated: say whether it was done."
        step_become(step, StepStatus.IN_DOUBT, outcome=reason, prompt=reason)
        self.entries.append(("step.doubted", about_step(step, reason=reason)))
        if self.run.status != RunStatus.HELD:
            self.enter(RunStatus.HELD, reason)
        ask(self.run, reason, f"doubt:{step.position}:{step.attempt}")

    def become(self, decision: saga.Become) -> None:
        gap_at = None
        if decision.status is RunStatus.SUCCEEDED and (left := self.before_turning_back()) and (missing := gap(self.run, self.now)):
            decision, gap_at = saga.Become(RunStatus.HELD, missing, left, "resume", asks=True), self.now
        until, action = decision.hold_until, decision.hold_action
        if decision.met:
            self.meet(decision.met.id)
        if decision.status is RunStatus.HELD and self.run.status == RunStatus.VALIDATING and until is None and not decision.met:
            until, action = self.now + settings.ROADWORKS.inconclusive_timeout, "roll_back"
        is_back = self.run.status == RunStatus.ROLLING_BACK and decision.status is not RunStatus.STUCK
        cause = f"{self.run.reason.rstrip('.')}. " if is_back and self.run.reason else ""  # why it turned back stays with the end
        if decision.status is RunStatus.HELD and is_back:
            self.anew()
        columns = {"back_to": decision.back_to} if decision.status is RunStatus.ROLLING_BACK else {"gap_at": gap_at}
        self.enter(decision.status, cause + decision.reason, hold_until=until, hold_action=action, **columns)
        key = f"{self.run.fence}:{self.now.isoformat()}"
        if decision.status is RunStatus.STUCK:
            page_stuck(self.run, decision.reason, key)
        elif decision.status is RunStatus.HELD and decision.asks:
            ask(self.run, decision.reason, key)
        elif decision.status is RunStatus.ROLLING_BACK:
            page(self.run, f"back:{key}", "is rolled back", decision.reason, Urgency.TICKET)

    def before_turning_back(self) -> datetime | None:
        """The last moment to go on before a hold would undo what is done and proved, for want of a label; None where it has passed."""
        ends = self.run.turn_back_at if self.run.overrun_policy == "roll_back" else self.run.window_ends_at
        last = ends - settings.ROADWORKS.sweep - settings.ROADWORKS.heartbeat if ends else None
        return last if last and last > self.now else None

    def anew(self) -> None:
        """Back at its checkpoint: what came after it can be done again, as another deed under another key."""
        for step in self.steps.values():
            if step.position > (self.run.back_to or 0) and step.phase != Phase.PROOF and results.may_be_done_anew(step):
                step_become(step, StepStatus.PENDING, **results.FRESH, round=step.round + 1)

    def enter(self, status: RunStatus, reason: str, **columns: Any) -> None:
        self.flush()
        become(self.run, status, ENGINE, reason=reason, now=self.now, **columns)

    def meet(self, freeze: int) -> None:
        self.run.freezes_met = sorted({*self.run.freezes_met, freeze})
        Run.objects.filter(pk=self.run.pk).update(freezes_met=self.run.freezes_met)

    def execute(self, step: StepRun) -> Act:
        fresh = step.status == StepStatus.PENDING or (step.status == StepStatus.STARTED and not self.owned)
        began = self.now if fresh or step.intended_at is None else step.intended_at
        again = step.status in {StepStatus.STARTED, StepStatus.WAITING} and not fresh and step.intended_at is not None
        step_become(step, StepStatus.STARTED, attempt=step.attempt + int(fresh), intended_at=began)
        if not again:  # looking again at what waits is no new attempt, and no news
            self.entries.append(("step.started", about_step(step, sentence=step.sentence)))
        self.show(step.name)
        kind = kinds().get(step.kind)
        intent = Intent(
            run_id=self.run.pk, position=step.position, direction="forward", fence=self.hold_lease(), attempt=step.attempt,
            deadline=began + step.timeout, kind=step.kind, verb="run", params=step.params, checkpoint=step.checkpoint,
            # Half of what may not be done twice is worse than waiting for its end: only a rollback cuts into it, to undo it then.
            interruptible=bool(kind and kind.interruptible and step.is_repeatable), at=self.now, ticks=self.locked.ticks,
            round=step.round, proves=step.phase == Phase.PROOF,
        )  # fmt: skip
        return Act(self.run, step, intent)

    def compensate(self, step: StepRun) -> Act:
        first = step.status != StepStatus.COMPENSATING
        began = step.undo_started_at if not first and step.undo_started_at else self.now
        died = is_undoing(step) and not self.owned  # a worker's death is a try, too: what kills each of them must end
        tries = 1 if first else max(1, step.undo_attempt) + int(died)
        step_become(step, StepStatus.COMPENSATING, undo_attempt=tries, undo_started_at=began, prompt="")
        if first:
            self.entries.append(("step.compensation_started", about_step(step)))
        self.show(f"undo {step.name}")
        undo = step.undo or {"kind": step.kind, "params": step.params, "verb": "compensate"}
        kind = kinds().get(undo["kind"])
        intent = Intent(
            run_id=self.run.pk, position=step.position, direction="undo", fence=self.hold_lease(), attempt=step.undo_attempt,
            deadline=self.now + step.timeout, kind=undo["kind"], verb=undo.get("verb", "run"), params=undo["params"],
            checkpoint=step.checkpoint, interruptible=bool(kind and kind.interruptible), round=step.round,
        )  # fmt: skip
        return Act(self.run, step, intent)

    def show(self, name: str) -> None:
        if name != self.own.shown and not self.run.rehearsal:  # what is shown live is what happens to users
            set_step(self.run.window.reference, name)
            self.own.shown = name

    def hold_lease(self) -> int:
        """Ours for another lease; if nobody renews it, the sweep finds the run due. Answers the fencing token."""
        lease, left = settings.ROADWORKS.lease, (self.run.lease_until or self.now) - self.now
        if not self.owned or left < lease / 2:  # between short steps, the lease of the one before is long enough
            until, fence = self.now + lease, self.run.fence + int(not self.owned)
            Run.objects.filter(pk=self.run.pk, fence=self.run.fence).update(fence=fence, lease_until=until, wake_at=until)
            self.run.fence, self.run.lease_until = fence, until
        self.flush()
        return self.run.fence

    def release(self, until: datetime | None) -> None:
        """Nobody's any more; due again at `until`. A token moves on with every owner, so a sleep leaves it."""
        Run.objects.filter(pk=self.run.pk, fence=self.run.fence).update(lease_until=None, wake_at=until)
        self.own.sleeps_until = until
        self.show("")
        self.flush()

    def flush(self) -> None:
        if self.entries:
            tell(self.run, ENGINE, self.entries)
            self.entries = []
