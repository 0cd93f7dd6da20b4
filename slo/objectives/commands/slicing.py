"""Verb of the schedule: judge the slices of what was measured before an objective counted slices, a day at a time."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from slo.objectives.models import Objective
from slo.objectives.queries.promises import promise
from slo.telemetry.commands import slice_day

DAY = timedelta(days=1)


@transaction.atomic(durable=True)
def slice_next() -> bool:
    """One day of the objective that waits longest; False where none waits. How far it has come stands in its row: a worker that dies loses
    a day's work at most."""
    row = Objective.objects.select_for_update(skip_locked=True).filter(slices_from__isnull=False).order_by("slices_from", "pk").first()
    if row is None or row.slices_from is None:
        return False
    if slicing := promise(row.slug).slicing:
        slice_day(row.slug, slicing, row.slices_from)
    waiting = Objective.objects.filter(pk=row.pk)
    waiting.update(slices_from=row.slices_from + DAY if slicing else None)
    waiting.filter(slices_from__gt=Now()).update(slices_from=None)
    return True
