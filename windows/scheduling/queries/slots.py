"""Who holds a service around a time: the one look-up behind conflicts and rivals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from windows.scheduling.models import LONGEST_RESERVATION, WindowScope, begin, finish


def slots(service_ids: Iterable[int], begins: datetime, ends: datetime) -> QuerySet[WindowScope]:
    """The scope rows that hold one of these services at any time in [begins, ends), read from one btree index.

    No reservation is longer than a week (a constraint), so begin alone bounds the scan. The GiST index of the exclusion constraint
    is for the constraint: an integer literal is int4, btree_gist compares bigint only with bigint, and would scan by time alone.
    """
    rows = WindowScope.objects.alias(begins=begin(), finishes=finish()).filter(holds_slot=True, service__in=list(service_ids))
    return rows.filter(begins__gt=begins - LONGEST_RESERVATION, begins__lt=ends, finishes__gt=begins)
