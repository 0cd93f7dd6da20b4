"""The buttons of the cockpit: each with where it leads, whether it may be pressed now, and why not. The templates say what follows."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from windows.access.roles import Verb
from windows.execution.queries.views import RunView, StepView
from windows.execution.states import RunStatus, StepStatus
from windows.execution.views.words import QUESTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """`why_not` says why it may not be pressed now; empty: it may. `step` is the one it is about. `key` names its sheet."""

    key: str
    verb: str
    button: str
    icon: str
    tone: str
    href: str = ""
    title: str = ""
    needs_reason: bool = False
    step: StepView | None = None
    why_not: str = ""


def of_run(run: RunView, verb: str, **facts: object) -> Hand:
    name = verb.replace("_", "-")
    words = QUESTIONS[name]
    return Hand(
        key=name, verb=verb, button=words["button"], icon=words["icon"], tone=words["tone"], title=words["title"],
        href=reverse("run-verb", args=[run.id, name]), needs_reason=words.get("reason") == "required", **facts,  # type: ignore[arg-type]
    )  # fmt: skip


def of_step(run: RunView, verb: str, step: StepView, *, button: str, icon: str, tone: str = "", reason: bool = False) -> Hand:
    return Hand(
        key=f"{verb}-{step.position}", verb=verb, button=button, icon=icon, tone=tone, step=step, needs_reason=reason,
        title=f"{button}: “{step.name}”", href=reverse("step-verb", args=[run.id, step.position, verb]),
    )  # fmt: skip


def unresolved(run: RunView) -> StepView | None:
    """The first step that failed or is in doubt: a held run does not go on over it."""
    return next((step for step in run.steps if step.status in {StepStatus.FAILED, StepStatus.IN_DOUBT}), None)


def main_hands(run: RunView) -> list[Hand]:
    """The two decisions under the thumb: go on or stop, and go back."""
    wrong = unresolved(run) if run.status == RunStatus.HELD else None
    found: list[Hand] = []
    if wrong is not None and Verb.RETRY.value in wrong.verbs:
        found.append(of_step(run, "retry", wrong, button=f"Retry step {wrong.position}", icon="retry", tone="main"))
    elif wrong is None and Verb.RESUME.value in run.verbs and run.now < (run.turn_back_at or run.window_ends_at):
        found.append(of_run(run, Verb.RESUME.value))
    found += [of_run(run, verb) for verb in (Verb.HOLD.value, Verb.ROLL_BACK.value) if verb in run.verbs]
    return found


def lesser_hands(run: RunView) -> list[Hand]:
    """Skip, retry, abort. One that is not possible now is shown with its reason while the run could still come to it."""
    found: list[Hand] = []
    step = unresolved(run) or run.current
    if step is not None and run.status in {RunStatus.RUNNING, RunStatus.HELD, RunStatus.VALIDATING} and Verb.ROLL_BACK.value in run.verbs:
        if Verb.SKIP.value in step.verbs:
            found.append(of_step(run, "skip", step, button=f"Skip step {step.position}", icon="skip", reason=True))
        elif step.status == StepStatus.STARTED:
            found.append(idle("skip", step, "Not while it is at work: hold the run first, or wait for its outcome."))
        if run.status != RunStatus.HELD or unresolved(run) is None:
            found.append(idle("retry", step, "Possible when it has failed or is in doubt."))
    if Verb.ABORT.value in run.verbs:
        found.append(of_run(run, Verb.ABORT.value))
    return found


def idle(verb: str, step: StepView, why_not: str) -> Hand:
    return Hand(key=verb, verb=verb, button=f"{verb.capitalize()} step {step.position}", icon=verb, tone="", step=step, why_not=why_not)


def asked_hands(run: RunView) -> list[Hand]:
    """Confirm, for each step that waits for a person."""
    waiting = [step for step in run.steps if step.prompt and Verb.CONFIRM.value in step.verbs]
    return [of_step(run, "confirm", step, button="It is done", icon="completed", tone="main") for step in waiting]
