"""Verbs: ask for more time for a window that runs, and decide about it. Its approvals stay; it is still judged by its original end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from windows.access.roles import Actor, Role, Verb, require
from windows.approvals.models import Decision, Extension
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.queries import holders, sre_contacts
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.execution.commands.excusing import excuse_extension
from windows.execution.commands.holding import wake
from windows.execution.commands.transitions import locked, spoken, tell
from windows.execution.models import Run
from windows.execution.queries.extensions import in_the_way, live_run_of
from windows.execution.states import RunStatus
from windows.live.commands import set_until
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction, see_freezes
from windows.scheduling.commands.transitions import reserve_until
from windows.scheduling.queries import subject_of

GOES_ON = {RunStatus.RUNNING.value, RunStatus.HELD.value, RunStatus.VALIDATING.value}
SHORTEST = timedelta(minutes=1)


@one_transaction
def ask_extension(actor: Actor, window_id: int, until: datetime, reason: str) -> Extension:
    """Ask that a running window may go on until a moment. Whoever may resume its run; owners and SREs are paged.

    Conflict names what stands in the way: another window, a freeze, a run that is over, a question that is open already.
    """
    require(actor, Verb.RESUME, subject_of(window_id))
    if actor.person_id is None:
        raise Forbidden("More time is asked for by a person.", verb=Verb.RESUME.value)
    run = going_on(live_run_of(window_id))
    window = run.window
    why = texts.lines(reason, "reason", required=True)
    if until < max(run.window_ends_at, clock()) + SHORTEST:
        raise Invalid(f"It must be later than the end that holds, {run.window_ends_at:%Y-%m-%d %H:%M} UTC, and than now.", field="until")
    if until - window.starts_at > 2 * settings.ROADWORKS.longest_window:
        raise Invalid("With this it would be longer than two of the longest windows. Plan another one.", field="until")
    refuse_taken(actor, run, until)
    try:
        with transaction.atomic():
            row = Extension.objects.create(window=window, ends_at=run.window_ends_at, until=until, reason=why, asked_by_id=actor.person_id)
    except IntegrityError as error:
        raise Conflict("More time has been asked for already; nobody has decided yet.", field="until") from error
    tell(run, actor, [("window.extension_asked", {"until": until.isoformat(), "reason": why})])
    teams = [window.team.slug]
    people = {one.email for one in (*holders(teams, Role.OWNER), *sre_contacts()) if one.id != actor.person_id}
    link = f"{settings.PORTAL_URL}/windows/{window.reference}/extensions/{row.pk}"
    ends = f"It ends at {run.window_ends_at:%Y-%m-%d %H:%M} UTC and should go on until {until:%Y-%m-%d %H:%M} UTC."
    body = f"{actor.name}: {why}\n\n{ends}\n{link}\n"
    title = f"{window.reference} asks for more time"
    said = Saying(f"extension:{row.pk}", Urgency.PAGE, title, body, window.reference, about=subject_of(window), timezone=window.timezone)
    reach(said, people, teams)
    return row


@one_transaction
def decide_extension(actor: Actor, extension_id: int, decision: Decision | str, reason: str = "") -> Extension:
    """Agree to more time or refuse it: an owner or SRE who did not ask. Agreed, the run's end and its turn-back time move, its slot grows,
    and what is left of the new time is excused. A rejection needs its reason."""
    try:
        said = Decision(decision)
    except ValueError:
        raise Invalid("Choose approved or rejected.", field="decision") from None
    why = texts.lines(reason, "reason", required=said is Decision.REJECTED)
    known = Extension.objects.filter(pk=extension_id).values_list("window_id", flat=True).first()
    if known is None:
        raise NotFound("There is no such extension here.")
    see_freezes()
    require(actor, Verb.EXTEND, subject_of(known))
    run = going_on(live_run_of(known))
    row = Extension.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=extension_id)
    if row.decision or row.closed_at:
        raise Conflict(f"It was {row.decision or 'closed'} already.", field="decision")
    if actor.person_id == row.asked_by_id:
        raise Forbidden("Who asked for more time may not agree to it: it takes a second person.", verb=Verb.EXTEND.value)
    now = clock()
    row.decision, row.approver_id, row.answer, row.decided_at = said.value, actor.person_id, why, now
    row.save(update_fields=["decision", "approver", "answer", "decided_at"])
    facts = {"until": row.until.isoformat(), "reason": why, "asked_by": row.asked_by.name}
    if said is Decision.APPROVED:
        refuse_taken(actor, run, row.until)
        give_time(run, row.until, now)
        facts["excused"] = str(excuse_extension(run, row.ends_at, row.until, now, actor.name))
    kind = "window.extended" if said is Decision.APPROVED else "window.extension_refused"
    record(kind, actor, run.window.reference, window=run.window.reference, run_id=run.pk, data=facts)
    title = f"{run.window.reference} {'has more time' if said is Decision.APPROVED else 'gets no more time'}"
    body = f"{actor.name}: {why or 'agreed'}\n\n{settings.PORTAL_URL}/runs/{run.pk}\n"
    about = subject_of(run.window)
    reach(Saying(f"extension:{row.pk}:decided", Urgency.TICKET, title, body, run.window.reference, about=about), [row.asked_by.email], [])
    return row


def give_time(run: Run, until: datetime, now: datetime) -> None:
    """The run's clocks move with its end; a hold that waited for turn-back time waits for the new one."""
    if until <= now:
        raise Conflict("The time that was asked for is over.", field="until")
    reserve_until(run.window_id, until)
    longer = until - run.window_ends_at
    back = None if run.turn_back_at is None else run.turn_back_at + longer
    hold_until = until if run.hold_until == run.window_ends_at else run.hold_until
    columns = {"window_ends_at": until, "turn_back_at": back, "hold_until": hold_until, "warned_at": None, "overrun_at": None}
    Run.objects.filter(pk=run.pk).update(**columns)
    for name, value in columns.items():
        setattr(run, name, value)
    set_until(run.window.reference, until)
    wake(run)


def refuse_taken(actor: Actor, run: Run, until: datetime) -> None:
    against = in_the_way(run, until, actor, clock())
    if against:
        raise Conflict(f"{against[0].why} {against[0].resolve}", field=against[0].kind.value, rival=against[0].who)


def going_on(run_id: int | None) -> Run:
    """The run under lock; Conflict where there is none that goes on."""
    if run_id is None:
        raise Conflict("Nothing runs that could be given more time.", field="status")
    run = locked(run_id)
    if run.status not in GOES_ON:
        raise Conflict(f"The run is {spoken(run.status)}: it gets no more time.", field="status")
    return run
