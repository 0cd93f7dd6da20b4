"""Verbs: rehearse the runbook of a window, and break the glass where that was not done (N15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Max

from windows.access.roles import Actor, Role, Verb, require
from windows.audit.commands import record
from windows.catalogue.queries import holders, sre_contacts
from windows.delivery.bell import ring_on_commit
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.errors import Conflict, Forbidden, Invalid
from windows.execution.commands.holding import said
from windows.execution.commands.transitions import tell
from windows.execution.models import LIVE, BreakGlass, Run, StepRun, clock
from windows.execution.queries.rehearsals import last_tried, proof_for, rule
from windows.execution.rehearsing import PRODUCTION, FaultKind, Rehearsal, lacking, read_faults
from windows.execution.states import RunStatus
from windows.lifecycle.states import WindowStatus
from windows.runbooks.queries import spec_of
from windows.runbooks.spec import Plan, resolve
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of

AHEAD = {WindowStatus.DRAFT, WindowStatus.REQUESTED, WindowStatus.APPROVED}
STAGING = "staging"


@one_transaction
def rehearse(
    actor: Actor,
    window_id: int,
    mode: str = Rehearsal.GAME_DAY.value,
    *,
    environment: str = STAGING,
    parameters: Mapping[str, Any] | None = None,
    faults: Sequence[Mapping[str, Any]] | None = None,
) -> Run:
    """Run the window's runbook now, as a rehearsal: the window does not begin, and nothing is under maintenance. Its real run may
    begin meanwhile; a second rehearsal may not.

    A game day acts in `environment`, which the runbook must take as its parameter of that name and which the window does not touch.
    Without `faults` its last step fails, so that everything is undone. `parameters` go over the window's own.
    """
    require(actor, Verb.START, subject_of(window_id))
    window = locked(window_id)
    if mode not in set(Rehearsal):
        raise Invalid(f"There is no such rehearsal. Known: {', '.join(Rehearsal)}.", field="mode")
    if window.status not in AHEAD:
        raise Conflict(f"{window.reference} is {window.status.replace('_', ' ')}: only what lies ahead is rehearsed.", field="status")
    if (under_way := window.runs.filter(status__in=LIVE).exclude(rehearsal="").first()) is not None:
        raise Conflict(f"RH-{under_way.pk} of {window.reference} is under way already.", field="run", run=under_way.pk)
    now, length = clock(), window.ends_at - window.starts_at
    plan = staged_plan(window, mode, environment, parameters or {})
    steps = [step for step in plan.steps if step.phase == "step"]
    last = [{"fault": FaultKind.STEP_FAILS.value, "step": len(steps)}]
    wanted = read_faults((last if faults is None else faults) if mode == Rehearsal.GAME_DAY else (), len(steps))
    staged = {"environment": environment, "parameters": dict(plan.parameters), "faults": [fault.to_json() for fault in wanted]}
    run = Run.objects.create(
        window=window, runbook_version=window.runbook_version, number=(window.runs.aggregate(last=Max("number"))["last"] or 0) + 1,
        status=RunStatus.PREFLIGHT.value, reason="The preflight checks are asked.", started_by=actor.name, started_by_id=actor.person_id,
        watch=[watch.to_json() for watch in plan.watch] if mode == Rehearsal.GAME_DAY else [], overrun_policy=plan.on_turn_back,
        window_ends_at=now + length, turn_back_at=now + length - min(plan.rollback_reserve, length / 2), wake_at=now, rehearsal=mode,
        staged=staged,
    )  # fmt: skip
    StepRun.objects.bulk_create(StepRun(run=run, **row) for row in plan.to_rows())
    tell(run, actor, [("run.created", {"mode": mode, "environment": environment, "faults": [fault.told for fault in wanted]})])
    ring_on_commit("execution.advance_run", run.pk)
    return run


def staged_plan(window: Window, mode: str, environment: str, parameters: Mapping[str, Any]) -> Plan:
    """The plan with its place put elsewhere. Invalid where it would act where the window does."""
    if window.runbook_version is None:
        raise Conflict(f"{window.reference} has no runbook: there is nothing to rehearse.", field="runbook")
    spec = spec_of(window.runbook_version)
    values = {**window.parameters, **parameters}
    takes = any(one.name == "environment" for one in spec.parameters)
    if mode == Rehearsal.GAME_DAY:
        if not takes:
            told = f"The runbook {spec.slug} takes no parameter “environment”: a game day would act where the window does. Try a dry run."
            raise Invalid(told, field="environment")
        if environment == PRODUCTION or window.scopes.filter(environment=environment).exists():
            raise Invalid(f"{environment} is where the window itself works: name another environment.", field="environment")
        values["environment"] = environment
    return resolve(spec, values)


@one_transaction
def break_glass(actor: Actor, window_id: int, reason: str) -> BreakGlass:
    """Answer by name for a runbook that was not rehearsed: for this window and this version only. A second person is told at once."""
    subject = subject_of(window_id)
    require(actor, Verb.OVERRIDE, subject)
    if actor.person_id is None:
        raise Forbidden("Only people break the glass.", verb=Verb.OVERRIDE.value)
    window = locked(window_id)
    why = said(actor, reason)
    if window.runbook_version is None or window.status not in AHEAD:
        raise Conflict(f"{window.reference} has no runbook that waits for its rehearsal.", field="status")
    version = window.runbook_version
    in_force = rule()
    because = lacking(last_tried(version.pk), in_force) if proof_for(version.pk, clock(), in_force) is None else ""
    row, is_new = BreakGlass.objects.get_or_create(
        window=window,
        runbook_version=version,
        defaults={"person_id": actor.person_id, "reason": why.removeprefix(f"{actor.name}: "), "because": because},
    )
    if not is_new:
        raise Conflict(f"The glass was broken already, by {row.person.name}.", field="reason")
    facts = {"reason": why, "because": because, "runbook": version.runbook.slug, "version": version.number, "title": window.title}
    record("window.glass_broken", actor, window.reference, window=window.reference, data=facts)
    teams = sorted(subject.affected_teams | ({subject.team} if subject.team else set()))
    others = {one.email for one in (*holders(teams, Role.OWNER), *sre_contacts()) if one.id != actor.person_id}
    if not others:
        raise Conflict("There is no second person to tell: no other owner or SRE.", field="person")
    text = (
        f"{why}\n\nIts runbook was not rehearsed. {because}\nSomebody else must review this before the window is closed.\n\n"
        f"{window.reference} · {window.title}\n{settings.PORTAL_URL}/windows/{window.reference}\n"
    )
    said_of_it = Saying(f"glass:{row.pk}", Urgency.PAGE, f"{window.reference} breaks the glass", text, window.reference, about=subject)
    reach(said_of_it, others, teams)
    return row
