"""The record of adjustments, and the account of each window: what users felt, what was excused by whose authority, what was charged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from slo.budget import Part, Policy, Ratio, figures
from slo.intervals import Interval
from slo.maintenance import Entry, disjoint, minute_after, minute_of, treatments
from slo.objectives.models import Adjustment
from slo.objectives.queries.promises import Promise
from slo.telemetry.queries import ratios

NAMES = ("objective", "window", "starts_at", "ends_at", "policy", "slack", "authority", "approvers", "recorded_at")


def adjustments(
    *,
    objectives: Collection[str] | None = None,
    windows: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """The record as it was written, oldest first; of certain objectives, windows or times where given. One statement."""
    rows: QuerySet[Adjustment] = Adjustment.objects.order_by("id")
    rows = rows if objectives is None else rows.filter(objective__in=objectives)
    rows = rows if windows is None else rows.filter(window__in=windows)
    rows = rows if since is None else rows.filter(ends_at__gt=since)
    rows = rows if until is None else rows.filter(starts_at__lt=until)
    return [
        Entry(objective, window, Interval(starts, ends), Policy(policy), slack, authority, tuple(approvers), recorded)
        for objective, window, starts, ends, policy, slack, authority, approvers, recorded in rows.values_list(*NAMES)[:limit]
    ]


def by_objective(entries: Sequence[Entry]) -> Mapping[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for one in entries:
        found.setdefault(one.objective, []).append(one)
    return found


@dataclass(frozen=True, slots=True)
class Account:
    """One window on one objective, in bad events: `raw` = `excused` + `charged`, always.

    `allowed`: what the objective's whole window of time allows, as it stood when the window ended; None where nothing was measured.
    `spent` is what was charged of it, as a share. `total` counts all events inside.
    """

    window: str
    objective: str
    interval: Interval
    total: int
    raw: int
    excused: Decimal
    charged: Decimal
    allowed: float | None
    policy: Policy
    slack: float
    authority: str
    approvers: Sequence[str]

    @property
    def is_known(self) -> bool:
        return self.total > 0

    @property
    def spent(self) -> float | None:
        return float(self.charged) / self.allowed if self.allowed and self.is_known else None

    @property
    def felt(self) -> float | None:
        """The raw share of the budget it took."""
        return self.raw / self.allowed if self.allowed and self.is_known else None


def accounts(ran: Sequence[tuple[str, Interval, Promise]]) -> list[Account]:
    """The account of each window (reference, as it really ran, overrun included) on each objective, in order. Two statements."""
    if not ran:
        return []
    record = adjustments(windows={window for window, _, _ in ran}, objectives={one.slug for _, _, one in ran})
    told = {key: [one for one in record if (one.window, one.objective) == key] for key in {(one.window, one.objective) for one in record}}
    plans, asked = [], []
    for window, interval, one in ran:
        whole = minutes_of(interval)
        entries = told.get((window, one.slug), [])
        treated = disjoint(treatments(entries), whole)
        frame = Interval(min(one.frame(interval.end).start, whole.start), whole.end)
        pieces = [frame, whole, *(piece for part in treated for piece in part.pieces)]
        asked += [(one.series, piece) for piece in pieces]
        plans.append((window, one, whole, entries, treated, len(pieces)))
    answers = iter(ratios(asked))
    found = []
    for window, one, whole, entries, treated, size in plans:
        everything, inside, *rest = [next(answers) for _ in range(size)]
        left = iter(rest)
        parts = [Part(sum((next(left) for _ in part.pieces), Ratio()), part.policy, part.slack) for part in treated]
        sums = figures(everything, parts, one.target)
        excused = Decimal(sums.excluded.bad) + sums.forgiven_exactly
        first = next((entry for entry in entries if entry.policy is not Policy.COUNT), None)
        found.append(
            Account(
                window, one.slug, whole, inside.total, inside.bad, excused, inside.bad - excused, sums.raw.allowed,
                first.policy if first else Policy.COUNT, first.slack if first else 0.0,
                first.authority if first else "", first.approvers if first else (),
            )
        )  # fmt: skip
    return found


def minutes_of(interval: Interval) -> Interval:
    """The whole minutes an interval touches: measurements are counted by the minute."""
    return Interval(minute_of(interval.start), max(minute_after(interval.end), minute_of(interval.start) + timedelta(minutes=1)))
