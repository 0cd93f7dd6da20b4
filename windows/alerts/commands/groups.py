"""When a group of alerts is told: its first at once, what follows together after a rest. A storm is a message a minute.

To pagers a group is one incident an episode: what follows soon joins it, what comes after a quiet time is an incident of its own, since
joining one that somebody has acknowledged would wake nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest, Now

from windows.alerts.models import AlertGroup
from windows.delivery.bell import ring_on_commit

REST = timedelta(minutes=1)
QUIET = timedelta(minutes=10)


def wake(keys: Collection[str], now: datetime) -> None:
    """Each of these groups has something to tell. Inside the caller's transaction, once in it, and after it has locked its alerts.

    Everybody locks alerts by their ids, and then groups by their keys: who woke groups twice, or took alerts while holding a group, could
    wait for somebody who waits for him.
    """
    if not keys:
        return
    ring_on_commit("alerts.notify")
    missing = sorted(keys)
    while missing:  # a row that was there may be forgotten before it is locked
        AlertGroup.objects.bulk_create([AlertGroup(key=key) for key in missing], ignore_conflicts=True)
        there = AlertGroup.objects.select_for_update().filter(key__in=missing).order_by("key").values_list("key", flat=True)
        missing = sorted(set(missing) - set(there))
    asleep = AlertGroup.objects.filter(key__in=keys, wake_at__isnull=True)
    asleep.filter(Q(told_at__isnull=True) | Q(told_at__lte=now - REST)).update(wake_at=now)
    asleep.update(wake_at=Greatest(Coalesce(F("told_at") + REST, Now()), Now()))


def takes_part(group: AlertGroup, now: datetime) -> None:
    """What is told now belongs to the group's episode, or begins its next. The caller saves the group."""
    joins = group.episode > group.over and group.told_at is not None and now - group.told_at <= QUIET
    group.episode += not joins
    group.told_at, group.messages = now, group.messages + 1


def said_of(group: AlertGroup, episode: int) -> str:
    """How the keys of all messages of an episode begin. By the row's number: a group that was forgotten and comes back is another."""
    return f"alerts:{group.pk}:{episode}:"


def incident(group: AlertGroup, episode: int) -> str:
    """What pagers know an episode by: at most 200 characters."""
    return f"{group.key[:150]}:{group.pk}:{episode}"
