"""Burn rates and the multi-window judgement. Pure; the windows and factors are data.

Source: "Alerting on SLOs" in the Google SRE workbook, section 6 (multiwindow, multi-burn-rate alerts), and the same with one row more in
Sloth's table. A burn rate of 1 uses up the budget exactly at the end of the objective's window; 14.4 for an hour uses up 2 % of a 30-day
budget, 6 for six hours 5 %, 3 for a day and 1 for three days 10 %. The long window says that it matters, the short one that it is still
going on: both must burn.

Comparison: a rate within 1e-9 of the factor has reached it, so that float noise hides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from slo.budget import Ratio

TOLERANCE = 1e-9
WINDOWS: Mapping[str, timedelta] = {
    "5m": timedelta(minutes=5),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "2h": timedelta(hours=2),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Burning at `factor` in both windows (names of WINDOWS) calls for `urgency`. `share` of a 30-day budget is gone by then."""

    urgency: str
    factor: float
    long: str
    short: str
    share: float


RULES = (
    Rule("page", 14.4, "1h", "5m", 0.02),
    Rule("page", 6, "6h", "30m", 0.05),
    Rule("ticket", 3, "1d", "2h", 0.10),
    Rule("ticket", 1, "3d", "6h", 0.10),
)
HOLD = RULES[:2]  # a run that burns like this is held


def rules_in(told: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """An objective's own rules, as they are stored: urgency, factor, long and short."""
    return tuple(Rule(str(one["urgency"]), float(one["factor"]), str(one["long"]), str(one["short"]), share(one)) for one in told)


def share(told: Mapping[str, Any]) -> float:
    """What such a burn has used of a 30-day budget by the time its long window is full."""
    return float(told["factor"]) * (WINDOWS[str(told["long"])] / timedelta(days=30))


def burn_rate(measured: Ratio, target: Decimal) -> float | None:
    """How many times faster than allowed the budget goes; None without events (which is not 0)."""
    if not measured.total:
        return None
    return float(Decimal(measured.bad) / measured.total / (1 - target))


@dataclass(frozen=True, slots=True)
class Judgement:
    """`burning`: rules whose windows both burn, gravest first. `unknown`: rules that could not be judged for want of events."""

    burning: tuple[Rule, ...]
    unknown: tuple[Rule, ...]

    @property
    def worst(self) -> Rule | None:
        return self.burning[0] if self.burning else None


def judge(rates: Mapping[str, float | None], rules: tuple[Rule, ...] = RULES) -> Judgement:
    """`rates` by window name. One window that is known not to burn settles its rule; otherwise a missing rate leaves it unknown."""
    burning, unknown = [], []
    for rule in rules:
        pair = [rates.get(rule.long), rates.get(rule.short)]
        burns = [rate is not None and rate >= rule.factor - TOLERANCE for rate in pair]
        if all(burns):
            burning.append(rule)
        elif all(rate is None or burn for rate, burn in zip(pair, burns, strict=True)):
            unknown.append(rule)
    return Judgement(tuple(burning), tuple(unknown))
