"""Verb of the schedule: judge the slices of what was measured before an objective counted slices, a day at a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from slo.objectives.models import Objective
from slo.objectives.queries.promises import promise
from slo.telemetry.commands import slice_day

DAY = timedelta(days=1)


def next_to_slice(but: Collection[int] = ()) -> int | None:
    """The objective that waits longest, by its id, leaving some out; None where none waits."""
    waiting = Objective.objects.filter(slices_from__isnull=False).exclude(pk__in=but).order_by("slices_from", "pk")
    return waiting.values_list("pk", flat=True).first()


@transaction.atomic(durable=True)
def slice_next(pk: int | None = None) -> bool:
    """One day of this objective (or of the one that waits longest); False where it does not wait, or another is at it. How far it has come
    stands in its row: a worker that dies loses a day's work at most."""
    waiting_ = Objective.objects.select_for_update(skip_locked=True).filter(slices_from__isnull=False)
    row = (waiting_ if pk is None else waiting_.filter(pk=pk)).order_by("slices_from", "pk").first()
    if row is None or row.slices_from is None:
        return False
    if slicing := promise(row.slug).slicing:
        slice_day(row.slug, slicing, row.slices_from)
    waiting = Objective.objects.filter(pk=row.pk)
    waiting.update(slices_from=row.slices_from + DAY if slicing else None)
    waiting.filter(slices_from__gt=Now()).update(slices_from=None)
    return True
