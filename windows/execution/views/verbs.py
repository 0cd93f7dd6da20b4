"""The question before each verb over a run, and the verb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.errors import Conflict, Invalid, NotFound
from windows.execution.commands import aborting, holding, steps
from windows.execution.commands.starting import start_run
from windows.execution.queries.plans import plan_of
from windows.execution.queries.reserves import reserve_of
from windows.execution.queries.views import RunView, StepView, run_view, runs_of
from windows.execution.states import Phase, StepStatus
from windows.execution.views.words import QUESTIONS, steps_told, turning_back
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.scheduling.models import Window
from windows.scheduling.outline import outline
from windows.scheduling.queries import WindowView, window_id_of, window_view

BY_HAND = "by hand, from the run page"
ACTS: dict[str, Callable[[Actor, int, str], Any]] = {
    "hold": holding.hold,
    "resume": holding.resume,
    "roll-back": holding.roll_back,
    "abort": aborting.abort,
    "retry": lambda actor, run_id, reason: steps.retry(actor, run_id, None, reason),
}


def about(run: RunView) -> str:
    return f"{run.window} {run.title}, run {run.number}"


@signed_in
def run_verb(request: HttpRequest, run_id: int, verb: str) -> HttpResponse:
    """One tap and one confirmation: an empty reason is filled in where nobody should have to type."""
    if verb not in ACTS:
        raise NotFound("There is nothing here.")
    actor, page = actor_of(request), reverse("run", args=[run_id])
    run = run_view(run_id, actor)
    question = Question(**QUESTIONS[verb], back=page, about=about(run))
    if verb == "roll-back" and run.stands:
        question = replace(question, consequence=f"{question.consequence} {run.stands}")
    return decided(request, question, lambda reason: ACTS[verb](actor, run_id, reason or BY_HAND), page)


@signed_in
def step_verb(request: HttpRequest, run_id: int, position: int, verb: str) -> HttpResponse:
    actor, page = actor_of(request), reverse("run", args=[run_id])
    run = run_view(run_id, actor)
    step = next((one for one in run.steps if one.position == position), None)
    if step is None or verb not in STEP_VERBS:
        raise NotFound("There is no such step here.")
    question, act = STEP_VERBS[verb](request, actor, run, step, page)
    return decided(request, question, act, page)


def skipping(request: HttpRequest, actor: Actor, run: RunView, step: StepView, page: str) -> tuple[Question, Callable[[str], Any]]:
    consequence = "It is left out. If it was tried, a rollback undoes it all the same."
    question = Question(f"Skip “{step.name}”", consequence, "Skip the step", "skip", page, reason="required", about=about(run))
    return question, lambda reason: steps.skip(actor, run.id, step.position, reason)


def retrying(request: HttpRequest, actor: Actor, run: RunView, step: StepView, page: str) -> tuple[Question, Callable[[str], Any]]:
    undoing = step.status == StepStatus.COMPENSATION_FAILED
    consequence = "Its undoing is tried again." if undoing else "It is tried again, and the run goes on with it."
    question = Question(f"Retry “{step.name}”", consequence, "Try again", "retry", page, about=about(run))
    return question, lambda reason: steps.retry(actor, run.id, step.position, reason)


def confirming(request: HttpRequest, actor: Actor, run: RunView, step: StepView, page: str) -> tuple[Question, Callable[[str], Any]]:
    question = Question(
        f"Confirm “{step.name}”", step.prompt or "You say that it is done.", "It is done", "completed", page, about=about(run)
    )
    return question, lambda note: steps.confirm(actor, run.id, step.position, note)


def attesting(request: HttpRequest, actor: Actor, run: RunView, step: StepView, page: str) -> tuple[Question, Callable[[str], Any]]:
    undoing = step.status == StepStatus.COMPENSATION_FAILED
    proving = step.phase == Phase.PROOF and step.status == StepStatus.FAILED
    looked, by_hand, either = "All is well: I have looked", "It was undone by hand", (("yes", "It was done"), ("no", "It was not done"))
    choices = (("yes", looked),) if proving else (("yes", by_hand),) if undoing else either
    consequence = f"You have looked, and say by name what became of it. Last known: {step.outcome or 'nothing'}."
    question = Question(
        f"Attest “{step.name}”", consequence, "Attest", "person", page, reason="required", about=about(run), choices=choices
    )

    def act(reason: str) -> None:
        chosen = request.POST.get("choice")
        if chosen not in {value for value, _ in choices}:
            raise Invalid("Choose what became of it.", field="choice")
        steps.attest(actor, run.id, step.position, chosen == "yes", reason)

    return question, act


def going_back(request: HttpRequest, actor: Actor, run: RunView, step: StepView, page: str) -> tuple[Question, Callable[[str], Any]]:
    after = [one for one in reversed(run.steps) if one.to_undo and one.position > step.position]
    named = ", ".join(f"{one.position} “{one.name}”" for one in after) or "nothing"
    stood = "; ".join(f"{one.position} “{one.name}”" for one in run.steps if one.stands and one.position > step.position)
    left = f" Left as it is, without an undo: {stood}." if stood else ""
    consequence = f"Undone, in this order: {named}.{left} Then the run is held at step {step.position}, and can go on from there."
    question = Question(f"Roll back to “{step.name}”", consequence, "Roll back to here", "rolledback", page, about=about(run))
    return question, lambda reason: holding.roll_back(actor, run.id, reason or BY_HAND, step.position)


STEP_VERBS = {"back": going_back, "skip": skipping, "retry": retrying, "confirm": confirming, "attest": attesting}


def offered(view: WindowView, actor: Actor) -> None:
    """Refuse to ask where the answer could only be no; the command judges again, and of more."""
    is_emergency = view.change_type == ChangeType.EMERGENCY
    require(actor, Verb.START_EMERGENCY if is_emergency else Verb.START, view.subject)
    if view.status not in ({WindowStatus.DRAFT, WindowStatus.APPROVED} if is_emergency else {WindowStatus.APPROVED}):
        raise Conflict(f"{view.reference} stands as {view.status.replace('_', ' ')}; only an approved window is started.", field="status")
    if not is_emergency and clock() < view.starts_at:
        raise Conflict(f"{view.reference} begins at {view.starts_at:%Y-%m-%d %H:%M:%S} UTC and not before.", field="starts_at")


def facts_of(view: WindowView) -> tuple[str, ...]:
    """What one should know before it begins: when it must end, what it touches, where to turn back, what cannot be undone."""
    window = Window.objects.select_related("runbook_version").defer("vevent").get(pk=view.id)
    plan = plan_of(window)
    reserve = reserve_of(window.runbook_version.runbook_id if window.runbook_version else None, plan.rollback_reserve)
    return (*outline(view), turning_back(view.ends_at - reserve, plan.on_turn_back), steps_told(plan.steps))


@signed_in
def start(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    if request.method != "POST":
        offered(view, actor)
    question = Question(
        title="Start the run now",
        consequence="Preflight checks run first. When they pass, the steps begin and users get the mode of this window.",
        button="Start now",
        icon="running",
        back=reverse("window", args=[reference]),
        reason="none",
        about=f"{view.reference} {view.title}",
        facts=facts_of(view),
    )
    response = decided(request, question, lambda _: start_run(actor, view.id), reverse("window", args=[reference]))
    if response.status_code == 302:
        response["Location"] = reverse("run", args=[runs_of(view.id)[0].pk])
    return response
