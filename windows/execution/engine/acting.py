"""Beat 3: do it, outside any transaction. Whatever happens becomes an outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from windows.actions import registry
from windows.actions.context import Context
from windows.actions.outcomes import Done, Failed, Interrupted, Outcome, Undecided, Wait
from windows.actions.ports import PortError, Stopped
from windows.actions.registry import Kind
from windows.execution.engine.work import Act, timed_out
from windows.execution.intent import Intent
from windows.execution.models import Run, StepLog, StepRun
from windows.execution.rehearsing import FaultKind, Rehearsal, faults_of


class Builder(Protocol):
    """Builds the context of one call: execution.ports.context.build, or a test's."""

    def __call__(self, step_run: StepRun, run: Run, intent: Intent, stop: Callable[[], bool]) -> Context: ...


def act(work: Act, build: Builder, stop: Callable[[], bool], allowed: float, keep: Callable[[dict[str, object]], bool]) -> Outcome | None:
    """Prepare and perform. `allowed` seconds; an act that came back later failed, whatever it says. None: the run is no longer ours.

    `keep` commits what prepare() wants kept before anything is done; it answers False where another owner has taken over.
    """
    began, intent = time.monotonic(), work.intent
    if (broken := injected(work)) is not None:
        return broken
    try:
        kind = registry.kinds().get(intent.kind)
        if work.run.rehearsal == Rehearsal.DRY_RUN:
            return tried(work, kind, build(work.step, work.run, intent, stop))
        if kind and kind.prepare and intent.direction == "forward" and not is_prepared(work.step):
            kept = registry.prepare(intent.kind, intent.params, build(work.step, work.run, intent, stop))
            if not keep(kept):
                return None
            work.step.checkpoint = intent.checkpoint.update(kept) or dict(intent.checkpoint)
            work.step.prepared_at = intent.at or work.run.started_at or work.run.created_at  # any: the row has the moment
        outcome = registry.perform(intent.kind, intent.params, intent.verb, build(work.step, work.run, intent, stop))
    except Stopped as stopped:
        return Interrupted(note=str(stopped))
    except PortError as error:
        return Failed(str(error) or type(error).__name__, permanent=error.permanent)
    except Exception as error:  # a third party's kind: its bug is its step's failure
        return Failed(f"{type(error).__name__}: {error}")
    if isinstance(outcome, Done) and time.monotonic() - began > allowed:
        return Failed(f"{timed_out(work.step)}; it said: {outcome.note}", checkpoint=outcome.checkpoint)
    return outcome


def injected(work: Act) -> Failed | None:
    """The failure that a game day wants of this step."""
    if work.intent.direction != "forward":
        return None
    for fault in faults_of(work.run.staged):
        if fault.kind is FaultKind.STEP_FAILS and fault.step == work.intent.position:
            reason = fault.bite
            StepLog.objects.create(run_id=work.run.pk, position=work.intent.position, level="fault", text=reason)
            return Failed(reason, permanent=True)
    return None


def tried(work: Act, kind: Kind | None, ctx: Context) -> Outcome:
    """A dry run: a kind that only looks looks once, and whatever it finds is told; every other does nothing."""
    if kind is None:
        return Failed(f"There is no action “{work.intent.kind}” here: is its package installed?", permanent=True)
    kind.load(work.intent.params)  # what does not fit fails here as it would
    if work.intent.direction == "undo":
        return Done("Dry run: nothing was done, so nothing is undone.")
    if not kind.only_looks:
        return Done("Dry run: not done.")
    match outcome := registry.perform(work.intent.kind, work.intent.params, work.intent.verb, ctx):
        case Failed(reason) | Undecided(reason):
            return Done(f"Dry run: it would not go on. {reason}")
        case Wait(_, _, note):
            return Done(f"Dry run: it would wait {note}".rstrip() + ".")
    return outcome


def is_prepared(step: StepRun) -> bool:
    """Whether prepare() has been asked, whatever it answered. A checkpoint alone is of a step that began before this was written down."""
    return step.prepared_at is not None or bool(step.checkpoint)
