"""What a calendar feed holds, and a cheap word for its state: asked before any block is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from windows.access.roles import Actor, Role
from windows.lifecycle.states import WindowStatus
from windows.scheduling.models import Feed, Window, WindowScope
from windows.scheduling.queries.listing import for_eyes_of
from windows.scheduling.vevent import CALLED_OFF

PAST = timedelta(days=396)  # 13 months
CANCELLED_STAYS = timedelta(days=30)
FORMAT = 2  # raise it when the blocks or the header are written differently


@dataclass(frozen=True, slots=True)
class FeedVersion:
    """Equal digests mean equal bytes before compression; `etag` is that of the plain bytes, strong and quoted."""

    digest: str
    last_modified: datetime | None

    @property
    def etag(self) -> str:
        return f'"{self.digest}"'


@dataclass(frozen=True, slots=True)
class FeedVariant:
    """How a program wants its feed: cancelled events under another STATUS, an alarm so many minutes before, MAINTNOTE for an account."""

    keep_cancelled: bool = False
    alarm: int = 0
    account: str = ""


PLAIN = FeedVariant()


def in_feed(feed: Feed, viewer: Actor, now: datetime) -> QuerySet[Window, Any]:
    """The windows of a feed: asked for at least once, not older than 13 months, called off at most 30 days ago, for these eyes."""
    rows = Window.objects.filter(for_eyes_of(viewer), published_at__isnull=False, ends_at__gt=now - PAST)
    rows = rows.exclude(status__in=[status.value for status in CALLED_OFF], updated_at__lte=now - CANCELLED_STAYS)
    match feed.kind:
        case "all":
            return rows
        case "team":
            touched = WindowScope.objects.filter(window=OuterRef("pk"), service__team__slug=feed.target)
            return rows.filter(Q(team__slug=feed.target) | Q(Exists(touched)))
        case "service":
            return rows.filter(Exists(WindowScope.objects.filter(window=OuterRef("pk"), service__slug=feed.target)))
        case "queue":  # what waits in one's teams; who may still sign which of them is for the inbox to say
            teams = {team for team, role in viewer.roles if role is not Role.VIEWER}
            touched = WindowScope.objects.filter(window=OuterRef("pk"), service__team__slug__in=teams)
            return rows.filter(Q(team__slug__in=teams) | Q(Exists(touched)), status=WindowStatus.REQUESTED.value)
        case "person":
            return rows.filter(Q(coordinator=int(feed.target)) | Q(deputy=int(feed.target)) | Q(owner=int(feed.target)))
    return rows.none()


def feed_version(feed: Feed, viewer: Actor, now: datetime, variant: FeedVariant = PLAIN) -> FeedVersion:
    """One aggregate query. An edit raises the sum of versions; a window that comes, goes or fades changes the count or the sum of ids."""
    sums = {"versions": Sum("version"), "series": Sum("series__version")}
    told = in_feed(feed, viewer, now).aggregate(count=Count("id"), ids=Sum("id"), last=Max("updated_at"), **sums)
    words = [FORMAT, feed.pk, variant, told["count"], told["ids"], told["versions"], told["series"], told["last"]]
    return FeedVersion(hashlib.sha256(repr(words).encode()).hexdigest()[:32], told["last"])
