"""Error budgets over a rolling window. Pure.

Source: "Implementing SLOs" in the Google SRE workbook: the budget is the share of bad events the objective allows, (1 − target) × total.
All sums are whole events; shares are computed once, at the end. What cannot be known is None, never 100 %: without events there is
no budget to speak of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Ratio:
    """Good of total events, 0 ≤ good ≤ total in a measurement; differences of sums keep that."""

    good: int = 0
    total: int = 0

    @property
    def bad(self) -> int:
        return self.total - self.good

    @property
    def value(self) -> float | None:
        """The SLI, 0 to 1; None without events."""
        return self.good / self.total if self.total else None

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.good + other.good, self.total + other.total)

    def __sub__(self, other: Ratio) -> Ratio:
        return Ratio(self.good - other.good, self.total - other.total)


class Policy(StrEnum):
    """What bad events inside an interval mean for the adjusted figure. The raw figure counts everything, always."""

    COUNT = "count"  # as everywhere else
    EXCLUDE = "exclude"  # neither good nor bad events inside it count
    ALLOW = "allow"  # a share of the budget was agreed beforehand; only what goes over it counts


@dataclass(frozen=True, slots=True)
class Part:
    """What was measured inside one interval, and how it is to be treated. `slack`: for ALLOW, a share of the whole budget, 0 to 1."""

    inside: Ratio
    policy: Policy
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    """`allowed` and `spent` in events (`allowed` need not be whole); `remaining` is a share: 1 untouched, 0 used up, below 0 overspent."""

    good: int
    total: int
    spent: float
    allowed: float | None
    remaining: float | None

    @property
    def is_known(self) -> bool:
        return self.remaining is not None


def budget(measured: Ratio, target: Decimal, *, forgiven: Decimal = Decimal(0)) -> Budget:
    """The budget of what was measured; `forgiven` bad events do not count as spent. ValueError where the target is not in (0, 1)."""
    if not 0 < target < 1:
        raise ValueError("a target lies between 0 and 1, both excluded")
    spent = max(Decimal(measured.bad) - forgiven, Decimal(0))
    if not measured.total:
        return Budget(measured.good, 0, float(spent), None, None)
    allowed = (1 - target) * measured.total
    return Budget(measured.good, measured.total, float(spent), float(allowed), float(1 - spent / allowed))


@dataclass(frozen=True, slots=True)
class Figures:
    """Both figures side by side: what users felt, and what the agreed policies make of it. Neither is ever shown without the other."""

    raw: Budget
    adjusted: Budget
    excluded: Ratio  # what EXCLUDE took out
    forgiven_exactly: Decimal  # bad events that ALLOW took out

    @property
    def forgiven(self) -> float:
        return float(self.forgiven_exactly)


def figures(measured: Ratio, parts: Iterable[Part], target: Decimal) -> Figures:
    """Raw and adjusted budgets of what was measured in the whole window; `parts` are disjoint pieces of it.

    A slack is a share of the raw budget of the whole window. An agreed slack that was not used is not saved up for another part.
    """
    raw = budget(measured, target)
    excluded, forgiven = Ratio(), Decimal(0)
    for part in parts:
        if part.policy is Policy.EXCLUDE:
            excluded += part.inside
        elif part.policy is Policy.ALLOW:
            allowance = Decimal(str(part.slack)) * (1 - target) * measured.total
            forgiven += min(Decimal(part.inside.bad), allowance)
    return Figures(raw, budget(measured - excluded, target, forgiven=forgiven), excluded, forgiven)


@dataclass(frozen=True, slots=True)
class Column:
    """The way from what is allowed to what would be left, in bad events to the tenth, so that the rows add up as they are read:

    allowed − spent + left_out − narrowed − asked = left. `left_out`: spent inside windows as it was agreed. `narrowed`: what the events
    of minutes taken out would have allowed. `share` is what remains of the adjusted budget, unrounded.
    """

    allowed: Decimal
    spent: Decimal
    left_out: Decimal
    narrowed: Decimal
    asked: Decimal
    left: Decimal
    share: float


def column(found: Figures, asked: float) -> Column | None:
    """The raw figure at the top, the adjusted one at the bottom, after `asked` more bad events; None where nothing is known."""
    raw, adjusted, share = found.raw, found.adjusted, after(found.adjusted, asked)
    if raw.allowed is None or adjusted.allowed is None or share is None:
        return None
    parts = (raw.allowed, raw.spent, raw.spent - adjusted.spent, raw.allowed - adjusted.allowed, asked)
    allowed, spent, left_out, narrowed, wanted = (round(Decimal(str(one)), 1) for one in parts)
    return Column(allowed, spent, left_out, narrowed, wanted, allowed - spent + left_out - narrowed - wanted, share)


def after(now: Budget, bad: float) -> float | None:
    """The share that would remain after so many more bad events (a forecast: "after this window"). None where nothing is known."""
    if now.allowed is None or now.remaining is None:
        return None
    return now.remaining - bad / now.allowed
