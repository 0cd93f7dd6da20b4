"""Does this change need a window? Three answers in, one recommendation with its reasons out. Pure (SPEC §2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Change(StrEnum):
    """What the change is like: can old and new run side by side?"""

    COMPATIBLE = "compatible"
    INCOMPATIBLE = "incompatible"
    PLATFORM = "platform"
    DATA = "data"
    ROTATION = "rotation"
    FAILOVER = "failover"


class Safety(StrEnum):
    """What catches a mistake before users do."""

    BOTH = "both"  # a canary that rolls back by itself, and tests
    CANARY = "canary"
    TESTS = "tests"
    NEITHER = "neither"


class Budget(StrEnum):
    """Whether there is error budget to spend, and whether waiting is possible."""

    LEFT = "left"
    CRITICAL = "critical"  # spent, and the change cannot wait
    SPENT = "spent"  # spent, and it can


class Way(StrEnum):
    WINDOW = "window"
    ROLLOUT = "rollout"
    POSTPONE = "postpone"


@dataclass(frozen=True, slots=True)
class Answers:
    change: Change
    safety: Safety
    budget: Budget


@dataclass(frozen=True, slots=True)
class Advice:
    """`reasons` are the rules that fired, the deciding one first; `caution` is set where a window only stands in for something missing."""

    way: Way
    reasons: tuple[str, ...]
    caution: str = ""


WHY_WINDOW = {
    Change.INCOMPATIBLE: "Old and new cannot run side by side, so users have to be led around while one replaces the other.",
    Change.PLATFORM: "A platform or engine upgrade changes what everything above it stands on; it is not rolled out by the share.",
    Change.DATA: "A risky data migration is not undone by sending traffic back: it takes frozen writes and a way to prove the result.",
    Change.ROTATION: "A security-critical rotation leaves both sides locked out if it goes half through; the hour should be chosen.",
    Change.FAILOVER: "A failover interrupts writes for a moment; users and on-call should know when.",
}
LACKING = {
    Safety.CANARY: "tests that cover the change",
    Safety.TESTS: "a canary that rolls back by itself",
    Safety.NEITHER: "tests and a canary that rolls back by itself",
}
PRESSING = frozenset({Change.ROTATION, Change.FAILOVER})  # waiting has a risk of its own


def advise(answers: Answers) -> Advice:
    """A window, a progressive rollout without one, or postponing. What can wait waits for budget; what can be rolled out step by step
    needs no window; the rest takes one."""
    change, safety, budget = answers.change, answers.safety, answers.budget
    if budget is Budget.SPENT and change not in PRESSING:
        return Advice(
            Way.POSTPONE,
            ("The error budget is spent and the change can wait: users have had their share of trouble.", *(_why(change))),
            f"Use the time to build {LACKING[safety]}." if safety in LACKING else "",
        )
    spent: tuple[str, ...] = ()
    if budget is Budget.CRITICAL:
        spent = ("The error budget is spent, but it cannot wait: take the quietest hour and the mildest mode.",)
    elif budget is Budget.SPENT:
        spent = ("The error budget is spent; waiting with this would be a risk of its own.",)
    if change is not Change.COMPATIBLE:
        missing = (
            f"Before it, build {LACKING[safety]}: the window limits the harm, it does not find the mistake." if safety in LACKING else ""
        )
        return Advice(Way.WINDOW, (*_why(change), *spent), missing)
    if safety is Safety.BOTH:
        told = "Old and new run side by side, and a canary rolls back by itself: a progressive rollout harms fewer users than a window."
        return Advice(Way.ROLLOUT, (told, *spent))
    told = f"It could be rolled out step by step, were it not for the lack of {LACKING[safety]}."
    return Advice(Way.WINDOW, (told, *spent), f"A window only stands in for {LACKING[safety]}. Build that, and the next one needs none.")


def _why(change: Change) -> tuple[str, ...]:
    return (WHY_WINDOW[change],) if change in WHY_WINDOW else ()
