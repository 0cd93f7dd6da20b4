"""Forgetting what need not be kept: whichever of it comes first, in small transactions, so that no long lock and no long WAL burst comes
of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

BATCH = 5000
MOST = 400  # batches of one call: the next tick goes on


def forget(old: models.QuerySet[Any], batch: int = BATCH, most: int = MOST) -> int:
    """Delete these rows, `batch` at a time, each in a transaction of its own. Rows that a foreign key points to are not for this.
    Answers how many went."""
    return in_bites(old, lambda rows: rows._raw_delete(rows.model._base_manager.db), batch, most)


def spare(rows: models.QuerySet[Any], batch: int = BATCH, most: int = MOST, **values: Any) -> int:
    """Give these rows values by which they are asked for no more, as many at a time as are deleted. Answers how many were spared."""
    return in_bites(rows, lambda some: some.update(**values), batch, most)


def in_bites(rows: models.QuerySet[Any], act: Callable[[models.QuerySet[Any]], int], batch: int, most: int) -> int:
    """`act` takes rows out of what is chosen, and answers how many."""
    done = 0
    for _ in range(most):
        count = act(rows.model._base_manager.filter(pk__in=rows.order_by().values("pk")[:batch]))
        done += count
        if count < batch:
            break
    return done
