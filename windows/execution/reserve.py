"""How long before its window's end a run must turn back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import ceil


def rollback_reserve(declared: timedelta, rollbacks: Sequence[timedelta], factor: float) -> timedelta:
    """max(declared, 95th percentile of past rollbacks, nearest rank) × factor."""
    measured = sorted(rollbacks)[ceil(0.95 * len(rollbacks)) - 1] if rollbacks else timedelta()
    return max(declared, measured) * factor


def backoff(base: timedelta, attempt: int, jitter: float) -> timedelta:
    """The rest after failed attempt `attempt` (from 1): doubles, at most five minutes, plus up to half of itself. `jitter` is in 0..1."""
    rest = min(base * 2.0 ** min(attempt - 1, 20), max(base, timedelta(minutes=5)))
    return rest * (1 + jitter / 2)
