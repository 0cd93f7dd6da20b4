"""Nouns: what is in the outbox."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from windows.delivery.models import Channel, Message, MessageStatus, Urgency


def messages_of(window: str) -> list[Message]:
    """Everything said about a window, oldest first."""
    return list(Message.objects.filter(window=window).order_by("pk"))


def said_of(window: str, unnamed: Collection[str]) -> QuerySet[Message]:
    """What was said about a window; with it, where keys begin as in `unnamed`, what went without its name to those who may not know it."""
    wanted = Q(window=window) & ~Q(window="")
    for keys in unnamed:
        wanted |= Q(window="", dedup_key__startswith=keys)
    return Message.objects.filter(wanted)


def messages_page(window: str, unnamed: Collection[str] = (), *, before: int | None = None, limit: int = 50) -> list[Message]:
    """What was said about a window, the newest first, each with its channel; one query."""
    rows = said_of(window, unnamed).defer("body", "facts", "outside")
    return list((rows if before is None else rows.filter(pk__lt=before)).select_related("target").order_by("-pk")[:limit])


def tally_of(window: str, unnamed: Collection[str] = ()) -> dict[str, int]:
    """How many messages about a window stand in which state, and `all` of them; one query."""
    rows = said_of(window, unnamed).order_by()
    counts = {status.value: 0 for status in MessageStatus}
    counts |= dict(rows.values_list("status").annotate(count=Count("pk")).values_list("status", "count"))
    return {**counts, "all": sum(counts.values())}


def undelivered(hidden: Collection[str] = ()) -> list[Message]:
    """The dead, and what is still being tried after a failure, newest first; `hidden` are windows the reader may not know of."""
    tried = Message.objects.filter(status=MessageStatus.QUEUED.value, attempts__gt=0).exclude(last_error="")
    found = tried | Message.objects.filter(status=MessageStatus.DEAD.value)
    return list(found.exclude(window__in=hidden).select_related("target").order_by("-pk")[:200])


def pages_to(since: datetime, until: datetime | None = None) -> dict[str, int]:
    """E-mail address → how many facts it was paged for since, and before `until` where given; a fact counts once."""
    rows = Message.objects.filter(urgency=Urgency.PAGE.value, channel="email", target=None, created_at__gte=since)
    if until is not None:
        rows = rows.filter(created_at__lt=until)
    told = Coalesce(NullIf("fact", Value("")), "dedup_key")
    return dict(rows.values_list("recipient").annotate(count=Count(told, distinct=True)).values_list("recipient", "count"))


def channels_of(teams: Collection[str], *, before: int | None = None, limit: int = 50) -> list[Channel]:
    """The channels of these teams, ended ones too, the newest first; one query."""
    rows = Channel.objects.filter(team__in=teams)
    return list((rows if before is None else rows.filter(pk__lt=before)).order_by("-pk")[:limit])


def with_channels(teams: Collection[str], urgency: Urgency) -> list[str]:
    """Those of these teams that have a channel for what is so urgent; one query."""
    rows = Channel.objects.filter(team__in=teams, ended_at=None, urgencies__contains=urgency.value)
    return sorted(set(rows.values_list("team", flat=True)))


def last_of(channels: Collection[int]) -> dict[int, Message]:
    """The newest message of each channel; one query."""
    rows = Message.objects.filter(target__in=channels).order_by("target", "-pk").distinct("target")
    return {row.target_id: row for row in rows if row.target_id is not None}
