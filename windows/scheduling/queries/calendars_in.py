"""What the page and the API of calendars in show: sources, mappings, what leads nowhere, what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import Count, Exists, F, OuterRef, Q

from windows.access.paging import page
from windows.ical_in.states import STANDS
from windows.scheduling.models import CalendarSource, IncompleteNotice, ProviderObject, WebhookSecret
from windows.scheduling.queries.external import external_windows

SOURCE = ("id", "name", "provider", "url", "polled_at", "succeeded_at", "next_poll_at", "failures", "error", "created_at", "is_example")
OBJECT = ("id", "provider", "object", "environment", "region")
NOTICE = ("id", "provider", "uid", "sequence", "title", "missing", "raw", "via", "received_at", "settled_at")
AHEAD = timedelta(days=92)  # how far ahead what leads nowhere is looked for


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An object that was announced and leads to no service; `next_at` is when its next maintenance begins. "" stands for no object."""

    provider: str
    object: str
    windows: int
    next_at: datetime


def sources() -> list[dict[str, object]]:
    """Every calendar that is watched, by name, with how many windows of it stand. One query."""
    standing = Count("windows", filter=Q(windows__status__in=[status.value for status in STANDS]))
    signed = Exists(WebhookSecret.objects.filter(source=OuterRef("pk"), ended_at=None))
    rows = CalendarSource.objects.filter(removed_at=None).annotate(standing=standing, webhook=signed).order_by("name")
    return [hidden(row) for row in rows.values(*SOURCE, "standing", "webhook")[:500]]


def hidden(row: dict[str, object]) -> dict[str, object]:
    """An address is often a secret: only its host is shown."""
    parts = urlsplit(str(row["url"]))
    return row | {"url": f"{parts.scheme}://{parts.netloc}/…" if parts.netloc else ""}


def objects(*, limit: int, after: int = 0, provider: str = "") -> dict[str, object]:
    """Mappings in the order they were made, a page at a time."""
    rows = ProviderObject.objects.filter(pk__gt=after).annotate(service_slug=F("service__slug")).order_by("id")
    if provider:
        rows = rows.filter(provider=provider.lower())
    found = [row | {"service": row.pop("service_slug")} for row in rows.values(*OBJECT, "service_slug")[: limit + 1]]
    return page(found, limit, "id")


def waiting(*, limit: int, before: int | None = None) -> dict[str, object]:
    """Notices that wait for a person, the latest first."""
    rows = IncompleteNotice.objects.filter(settled_at=None).order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return page(list(rows.values(*NOTICE)[: limit + 1]), limit, "id")


def unmapped(now: datetime) -> list[Unmapped]:
    """What providers announced for the coming three months that reaches no service of ours, the soonest first."""
    found: dict[tuple[str, str], Unmapped] = {}
    for window in external_windows(now, now + AHEAD):
        if window.places:
            continue
        for name in window.unmapped or ("",):
            known = found.get((window.provider, name))
            begins = min(known.next_at, window.starts_at) if known else window.starts_at
            found[window.provider, name] = Unmapped(window.provider, name, 1 + (known.windows if known else 0), begins)
    return sorted(found.values(), key=lambda one: (one.next_at, one.provider, one.object))[:200]
