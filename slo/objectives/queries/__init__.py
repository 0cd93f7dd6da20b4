"""Nouns that read: objectives, their budgets raw and adjusted, burn rates, deviations, and the record of adjustments."""

from slo.maintenance import Treatment
from slo.objectives.queries.adjustments import Account, accounts, adjustments
from slo.objectives.queries.health import Health, budget, burn_rates, health, strayed
from slo.objectives.queries.promises import Promise, promise, promises
from slo.objectives.queries.readings import burning, reading

__all__ = [
    "Account",
    "Health",
    "Promise",
    "Treatment",
    "accounts",
    "adjustments",
    "budget",
    "burn_rates",
    "burning",
    "health",
    "promise",
    "promises",
    "reading",
    "strayed",
]
