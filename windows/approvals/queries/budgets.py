"""Whether the error budgets of what a window touches allow a change that nobody signs for."""

from __future__ import annotations

from datetime import datetime

from slo.objectives.queries import health, promises
from windows.audit.clock import clock
from windows.scheduling.models import Window
from windows.scheduling.queries import scope_of

LEAST = 0.25  # of every budget must be left for non-critical work


def enough_budget(window_id: int, now: datetime | None = None) -> bool:
    """Whether every objective of the scope has a quarter of its budget left, and the slack the window asks for.

    A budget that cannot be told (no events) is not enough; a scope without any objective has no budget to spend.
    """
    places = {(row.service, row.environment) for row in scope_of(window_id)}
    wanted = [one for one in promises(services={service for service, _ in places}) if (one.service, one.environment) in places]
    if not wanted:
        return True
    needed = max(LEAST, Window.objects.values_list("slack", flat=True).get(pk=window_id))
    left = [one.figures.adjusted.remaining for one in health(wanted, now or clock())]
    return all(share is not None and share >= needed for share in left)
