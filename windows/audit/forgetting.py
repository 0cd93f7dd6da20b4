"""Forgetting what need not be kept: whichever of it comes first, in small transactions, so that no long lock and no long WAL burst comes
of it."""

from __future__ import annotations

from typing import Any

from django.db import models

BATCH = 5000
MOST = 400  # batches of one call: the next tick goes on


def forget(old: models.QuerySet[Any], batch: int = BATCH, most: int = MOST) -> int:
    """Delete these rows, `batch` at a time, each in a transaction of its own. Rows that a foreign key points to are not for this.
    Answers how many went."""
    model, gone = old.model, 0
    for _ in range(most):
        count = model._base_manager.filter(pk__in=old.order_by().values("pk")[:batch])._raw_delete(model._base_manager.db)
        gone += count
        if count < batch:
            break
    return gone
