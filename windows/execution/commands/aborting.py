"""Verb: abort. Stop and compensate nothing; it takes two people."""

from __future__ import annotations

from windows.access.roles import Actor, Verb, permitted, require
from windows.audit.clock import clock
from windows.catalogue.queries import actor_for
from windows.delivery.models import Urgency
from windows.errors import Conflict, Forbidden
from windows.execution.commands.asking import page
from windows.execution.commands.holding import said
from windows.execution.commands.transitions import become, locked, spoken, tell
from windows.execution.models import Run, Signature
from windows.execution.states import RunStatus, run_may_become
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import subject_of


@one_transaction
def abort(actor: Actor, run_id: int, reason: str) -> Run:
    """The first person's signature changes nothing but the trail; the second person's ends the run. What is done stays done.

    A signature holds for the state it was given in: when the run moves on, `become` lets it fall. A step in flight is asked to stop;
    what it answers is still written down.
    """
    run = locked(run_id)
    require(actor, Verb.ABORT, subject_of(run.window))
    if actor.person_id is None:
        raise Forbidden("Only people abort a run.", verb=Verb.ABORT.value)
    if not run_may_become(run.status, RunStatus.ABORTED.value):
        detail = f"Run {run.number} of {run.window.reference} is {spoken(run.status)} and cannot be aborted."
        raise Conflict(detail, field="status", status=run.status)
    why = said(actor, reason)
    _, signed = Signature.objects.get_or_create(run=run, verb=Verb.ABORT.value, person_id=actor.person_id, defaults={"reason": why})
    if not signed:
        raise Conflict("You have signed this already: another owner or SRE must sign too.", field="person")
    first = other_half(run, actor.person_id)
    if first is None:
        tell(run, actor, [("run.abort_signed", {"reason": why})])
        page(run, "abort", f"{actor.name} asks to abort", f"{why}\nA second owner or SRE must sign, or the run goes on.", Urgency.PAGE)
        return run
    both = {"signed_by": [first.person.name, actor.name]}
    become(run, RunStatus.ABORTED, actor, reason=f"{first.reason}; {why}", now=clock(), data=both)
    page(run, "aborted", "was aborted", f"{run.reason}\nNothing was undone: see what is done and what is in doubt.", Urgency.PAGE)
    return run


def other_half(run: Run, person_id: int) -> Signature | None:
    """The earliest signature of somebody but this person who may still abort the run: a role lost meanwhile takes its signature along."""
    signatures = run.signatures.filter(verb=Verb.ABORT.value, person__is_active=True).exclude(person_id=person_id)
    subject = subject_of(run.window)
    others = signatures.select_related("person").order_by("at")
    return next((given for given in others if permitted(actor_for(given.person, via="engine"), Verb.ABORT, subject)), None)
