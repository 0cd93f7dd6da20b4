"""When a group of alerts is told: its first at once, what follows together after a rest. A storm is a message a minute."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest, Now

from windows.alerts.models import AlertGroup

REST = timedelta(minutes=1)


def wake(keys: Collection[str], now: datetime) -> None:
    """Each of these groups has something to tell. Inside the caller's transaction."""
    AlertGroup.objects.bulk_create([AlertGroup(key=key) for key in sorted(keys)], ignore_conflicts=True)
    asleep = AlertGroup.objects.filter(key__in=keys, wake_at__isnull=True)
    asleep.filter(Q(told_at__isnull=True) | Q(told_at__lte=now - REST)).update(wake_at=now)
    asleep.update(wake_at=Greatest(Coalesce(F("told_at") + REST, Now()), Now()))
