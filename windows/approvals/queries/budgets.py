"""Whether the error budgets of what a window touches allow a change that nobody signs for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from slo.objectives.queries import Health, health, promises
from windows.audit.clock import clock
from windows.scheduling.models import Window
from windows.scheduling.queries import scope_of

LEAST = 0.25  # of every budget must be left for non-critical work


def enough_budget(window_id: int, now: datetime | None = None) -> bool:
    """Whether every objective of the scope has a quarter of its budget left, and the slack the window asks for.

    A budget that cannot be told (no events) is not enough; a scope without any objective has no budget to spend.
    """
    slack = Window.objects.values_list("slack", flat=True).get(pk=window_id)
    return enough({(row.service, row.environment) for row in scope_of(window_id)}, slack, now or clock())


def budgets(places: Collection[tuple[str, str]], now: datetime) -> list[Health]:
    """The budgets of every objective of these (service, environment) places. Two statements."""
    wanted = promises(services={service for service, _ in places})
    return health([one for one in wanted if (one.service, one.environment) in places], now)


def smallest_budget(places: Collection[tuple[str, str]], now: datetime) -> dict[str, float | None]:
    """{"budget_left": the smallest share left, None where one cannot be told}; empty where nothing is promised. Two statements."""
    left = [one.figures.adjusted.remaining for one in budgets(places, now)]
    known = [share for share in left if share is not None]
    return {} if not left else {"budget_left": min(known) if len(known) == len(left) else None}


def enough(places: Collection[tuple[str, str]], slack: float, now: datetime) -> bool:
    """The same question for a scope and a slack; as `enough_budget`."""
    left = [one.figures.adjusted.remaining for one in budgets(places, now)]
    return all(share is not None and share >= max(LEAST, slack) for share in left)
