"""Verb of time: a group of which nothing fires any more is over, and the pagers that show it as an incident are told so.

Acknowledging stays with people: Roadworks never says that somebody has looked who has not.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from windows.access.roles import ENGINE
from windows.alerts.commands.groups import said_of
from windows.alerts.commands.telling import MANY
from windows.alerts.models import Alert, AlertGroup
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.delivery.commands.reaching import is_on_its_way, say_it_is_over

FIRING = Alert.objects.filter(group=OuterRef("key"), ends_at__isnull=True)


def end_groups() -> int:
    """Each in a transaction of its own; how many are over. One that cannot be told yet holds up none that came after it."""
    ended, last = 0, 0
    open_ = AlertGroup.objects.filter(episode__gt=F("over"), wake_at__isnull=True).exclude(Exists(FIRING))
    while batch := list(open_.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:MANY]):
        for group in batch:
            with going_on("end a group of alerts", group=group):
                ended += end_one(group)
        last = batch[-1]
    return ended


@transaction.atomic(durable=True)
def end_one(pk: int) -> bool:
    """False where it fires again, or where its beginning is still on its way: a beginning that came last would stay open for ever."""
    now = clock()
    open_ = AlertGroup.objects.select_for_update(skip_locked=True, of=("self",)).filter(episode__gt=F("over"), wake_at__isnull=True)
    group = open_.exclude(Exists(FIRING)).filter(pk=pk).first()
    if group is None:
        return False
    episodes = range(group.over + 1, group.episode + 1)
    if any(is_on_its_way(said_of(group, episode)) for episode in episodes):
        return False
    told = sum(say_it_is_over(said_of(group, episode)) for episode in episodes)
    group.over = group.episode
    group.save(update_fields=["over"])
    if told:
        record("alerts.over", ENGINE, "alerts", data={"group": group.key, "incidents": told, "at": now.isoformat()})
    return True
