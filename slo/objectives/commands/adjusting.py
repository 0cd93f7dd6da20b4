"""Verbs: excuse minutes that have not happened yet, give back those that are not needed. Inside the caller's transaction.

Who may is decided by whoever calls; that nothing is excused afterwards is decided by the database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from slo.budget import Policy
from slo.intervals import Interval
from slo.maintenance import Entry, minute_after, minute_of
from slo.objectives.models import Adjustment
from slo.objectives.queries.promises import Promise


def excuse(
    wanted: Collection[Promise], window: str, interval: Interval, *, slack: float, authority: str, approvers: Sequence[str]
) -> list[Entry]:
    """Write down how each objective's minutes in an interval are treated: as it says itself (`maintenance`), once and for good.

    COUNT asks for nothing, nor does ALLOW without a slack. From the minute in which it begins up to, not including, the minute that
    begins at or after its end. The database refuses an interval that began before this minute (IntegrityError).
    """
    policies = [(one, Policy(one.maintenance)) for one in wanted]
    rows = [
        Adjustment(
            objective=one.slug, window=window, starts_at=minute_of(interval.start), ends_at=minute_after(interval.end), policy=policy.value,
            slack=slack if policy is Policy.ALLOW else 0.0, authority=authority[:500], approvers=list(approvers),
        )
        for one, policy in policies
        if policy is Policy.EXCLUDE or (policy is Policy.ALLOW and slack > 0)
    ]  # fmt: skip
    Adjustment.objects.bulk_create(rows)
    return [
        Entry(
            row.objective, window, Interval(row.starts_at, row.ends_at), Policy(row.policy), row.slack, row.authority, tuple(row.approvers)
        )
        for row in rows
    ]


def give_back(window: str, now: datetime) -> int:
    """The window is over: what it was excused beyond this minute counts again. Returns for how many objectives."""
    left = minute_after(now)
    rows = [
        Adjustment(
            objective=row.objective, window=window, starts_at=left, ends_at=row.ends_at, policy=Policy.COUNT.value,
            authority="The window ended before its time.",
        )
        for row in Adjustment.objects.filter(window=window, ends_at__gt=left).exclude(policy=Policy.COUNT.value)
    ]  # fmt: skip
    Adjustment.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
