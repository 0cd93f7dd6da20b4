"""The decision aid: three questions above a request, to be skipped by who knows. It advises; people decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import reads
from windows.advice.aid import Advice, Answers, Budget, Change, Safety, Way, advise

QUESTIONS = (
    ("change", "Can old and new run side by side?", (
        (Change.COMPATIBLE, "Yes"), (Change.INCOMPATIBLE, "No"), (Change.PLATFORM, "Platform or engine upgrade"),
        (Change.DATA, "Risky data migration"), (Change.ROTATION, "Security-critical rotation"), (Change.FAILOVER, "Failover"),
    )),
    ("safety", "What catches a mistake before users do?", (
        (Safety.BOTH, "Tests, and a canary that rolls back"), (Safety.CANARY, "A canary only"), (Safety.TESTS, "Tests only"),
        (Safety.NEITHER, "Neither"),
    )),
    ("budget", "Is error budget left?", (
        (Budget.LEFT, "Yes"), (Budget.CRITICAL, "No, and it cannot wait"), (Budget.SPENT, "No, and it can wait"),
    )),
)  # fmt: skip
WORDS = {
    Way.WINDOW: ("approved", "A window is the right way."),
    Way.ROLLOUT: ("completed", "Roll it out progressively, without a window."),
    Way.POSTPONE: ("held", "Postpone it."),
}


@reads
def advice(request: HttpRequest) -> HttpResponse:
    """What three answers come to, as a panel."""
    return render(request, "portal/request/_advice.html", advice_for(request.GET))


def advice_for(sent: Mapping[str, str]) -> dict[str, Any]:
    """The questions as answered so far, and the advice once all three are."""
    chosen = {name: sent.get(name, "") for name, _, _ in QUESTIONS}
    found: Advice | None = None
    try:
        found = advise(Answers(Change(chosen["change"]), Safety(chosen["safety"]), Budget(chosen["budget"])))
    except ValueError:
        pass
    tone, words = WORDS[found.way] if found else ("", "")
    open_ones = sum(not value for value in chosen.values())
    return {"questions": QUESTIONS, "chosen": chosen, "advised": found, "advice_tone": tone, "advice_words": words, "unanswered": open_ones}
