"""Why a request deserves a second look, and which preflight checks would be green if it began as it stands. Pure.

Only what is known speaks: what is not known is said to be unknown, never taken for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from windows.lifecycle.states import ChangeType, Mode

LOOKS_BACK = timedelta(days=180)  # for windows that went wrong on a service
MANY_USERS = 10_000
LONG = timedelta(hours=4)
SEVERE = frozenset({Mode.READ_ONLY.value, Mode.OFFLINE.value})
STATEFUL = {"L5": "data", "L2": "network", "L9": "security"}  # layers where a mistake outlives its window, or cuts the way back


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of one objective's error budget, as a share; None where nothing was measured."""

    objective: str
    left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a request when somebody is to sign it."""

    starts_at: datetime
    ends_at: datetime
    mode: str
    change_type: str
    tiers: Sequence[int]
    layers: Sequence[str]
    users: int | None
    slack: float
    runbook: str  # its title and version; empty for a manual window
    proven: bool  # this very version has once been run to its end
    failures: Mapping[str, int] = field(default_factory=dict)  # by service: windows that failed or were rolled back lately
    budgets: Sequence[Budget] = ()
    hard: Sequence[str] = ()  # what stands in the way, in sentences
    soft: Sequence[str] = ()
    backup_missing: str = ""  # why preflight will refuse it for its backup
    unannounced: Sequence[str] = ()  # services that the public knows and was told nothing about


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; a grave one stands first."""

    text: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A preflight check asked before the start: verdict pass, fail or inconclusive."""

    name: str
    verdict: str
    reason: str


def reasons(facts: Facts, least: float) -> list[Reason]:
    """Why this is risky, the grave ones first. `least` is the share of a budget below which only critical work goes on."""
    found: list[Reason] = []
    if 1 in facts.tiers:
        found.append(Reason("It touches a tier 1 service.", grave=True))
    if facts.mode in SEVERE:
        found.append(
            Reason("Users cannot write meanwhile." if facts.mode == Mode.READ_ONLY else "Users get nothing meanwhile.", grave=True)
        )
    if facts.change_type == ChangeType.EMERGENCY:
        found.append(Reason("It is an emergency: some checks may be skipped.", grave=True))
    found += [Reason(f"Layer {layer}: {STATEFUL[layer]}.", grave=layer == "L5") for layer in facts.layers if layer in STATEFUL]
    for service, times in sorted(facts.failures.items(), key=lambda one: (-one[1], one[0])):
        went = "1 window" if times == 1 else f"{times} windows"
        found.append(Reason(f"{went} on {service} failed or rolled back in the last {LOOKS_BACK.days} days.", grave=times > 1))
    short = [one for one in facts.budgets if one.left is not None and one.left < least]
    for one in short:
        left = "is overspent" if (one.left or 0) < 0 else f"has {100 * (one.left or 0):.0f} % left"
        found.append(Reason(f"The error budget of {one.objective} {left}.", grave=True))
    if not facts.runbook:
        found.append(Reason("No runbook: every step is done by hand, and so is going back.", grave=True))
    elif not facts.proven:
        found.append(Reason(f"{facts.runbook} has never been run to its end.", grave=True))
    if facts.slack:
        found.append(Reason(f"It asks for {100 * facts.slack:.0f} % of the error budget."))
    if facts.users is None:
        found.append(Reason("Nobody said how many users it touches."))
    elif facts.users >= MANY_USERS:
        found.append(Reason(f"{facts.users:,} users are touched."))
    if facts.ends_at - facts.starts_at >= LONG:
        found.append(Reason("It is long: four hours or more."))
    return sorted(found, key=lambda one: not one.grave)


def checks(facts: Facts, now: datetime, least: float) -> list[Check]:
    """What preflight would say of the things that can be asked before the start."""
    asked = [start(facts, now), conflict(facts), budget(facts, max(least, facts.slack))]
    asked += [Check("Backup", "fail", facts.backup_missing)] if facts.backup_missing else []
    return [*asked, announcement(facts)] if facts.unannounced else asked


def start(facts: Facts, now: datetime) -> Check:
    if facts.starts_at <= now:
        return Check("Start", "fail", "The start has passed.")
    return Check("Start", "pass", "The start lies ahead.")


def conflict(facts: Facts) -> Check:
    if facts.hard:
        return Check("Conflicts", "fail", facts.hard[0])
    if facts.soft:
        return Check("Conflicts", "inconclusive", facts.soft[0])
    return Check("Conflicts", "pass", "Nothing else is planned there, no freeze holds.")


def announcement(facts: Facts) -> Check:
    who = ", ".join(facts.unannounced)
    return Check("Announcement", "fail", f"The public knows {who} and was not told: no run begins before the window is announced.")


def budget(facts: Facts, floor: float) -> Check:
    if not facts.budgets:
        return Check("Error budget", "pass", "No objective is defined for this scope.")
    silent = [one.objective for one in facts.budgets if one.left is None]
    short = [f"{one.objective} has {100 * one.left:.0f} % left" for one in facts.budgets if one.left is not None and one.left < floor]
    if short:
        return Check("Error budget", "fail", f"{', '.join(short)}; this work needs {100 * floor:.0f} %.")
    if silent:
        return Check("Error budget", "inconclusive", f"Nothing was measured for {', '.join(silent)}.")
    least = min(one.left for one in facts.budgets if one.left is not None)
    return Check("Error budget", "pass", f"At least {100 * least:.0f} % is left, {100 * floor:.0f} % is needed.")
