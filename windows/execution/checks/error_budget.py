"""Is enough error budget left for work that is not critical? With the arithmetic in the reason. Unknown is not enough."""

from __future__ import annotations

from slo.objectives.queries import Health, health, promises
from windows.approvals.queries.budgets import LEAST
from windows.execution.checking import Answered, Candidate, failed, passed, unknown
from windows.lifecycle.words import counted


def check(candidate: Candidate) -> Answered:
    floor = max(LEAST, candidate.window.slack)
    environments = {environment for _, environment, _ in candidate.places}
    wanted = [p for p in promises(services={service for service, _, _ in candidate.places}) if p.environment in environments]
    if not wanted:
        return passed("No objective is defined for this scope.")
    asked = health(wanted, candidate.now)
    evidence = {one.promise.slug: one.figures.adjusted.remaining for one in asked}
    short = [one for one in asked if (left := one.figures.adjusted.remaining) is not None and left < floor]
    if short:
        return failed(" ".join(_told(one, floor) for one in short), **evidence)
    silent = [one.promise.slug for one in asked if one.figures.adjusted.remaining is None]
    if silent:
        return unknown(f"Nothing was measured for {', '.join(silent)}: how much budget is left is not known.", **evidence)
    return passed(" ".join(_told(one, floor) for one in asked), **evidence)


def _told(one: Health, floor: float) -> str:
    budget = one.figures.adjusted
    compared = "less than" if (budget.remaining or 0) < floor else "at least"
    return (
        f"{one.promise.slug}: {budget.spent:g} of {budget.allowed or 0:g} allowed bad events are spent"
        f" in {counted(one.promise.window_days, 'day')},"
        f" {100 * (budget.remaining or 0):.0f} % of the budget is left, {compared} the {100 * floor:.0f} % this work needs."
    )
