"""Verbs: watch a calendar by its address, stop watching it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import F

from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, Invalid, NotFound
from windows.ical_in.states import STANDS, NoticeStatus
from windows.scheduling import texts
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import CalendarSource, ExternalWindow

MOST_SOURCES = 200


@one_transaction
def add_source(actor: Actor, name: str, provider: str, url: str = "", *, is_example: bool = False) -> CalendarSource:
    """A calendar of a provider. With an address it is polled from now on, without one it is filled by uploads."""
    person = require_calendars(actor)
    called = texts.line(name, "name", longest=120, required=True)
    if CalendarSource.objects.filter(removed_at=None).count() >= MOST_SOURCES:
        raise Invalid(f"At most {MOST_SOURCES} calendars are watched; remove one first.", field="name")
    source = CalendarSource(
        name=called,
        provider=texts.line(provider, "provider", longest=120, required=True).lower(),
        url=address(url),
        created_by_id=person,
        is_example=is_example,
    )
    source.next_poll_at = clock() if source.url else None
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError:
        raise Conflict(f"There is a calendar called “{called}”.", field="name") from None
    told = {"name": called, "provider": source.provider, "host": host_of(source.url)}
    record("calendar_source.added", actor, f"calendar:{source.pk}", data=told)
    return source


@one_transaction
def remove_source(actor: Actor, source_id: int) -> CalendarSource:
    """It is asked no more, and what it announced and is not over no longer counts. It stays on record."""
    require_calendars(actor)
    source = CalendarSource.objects.select_for_update().filter(pk=source_id, removed_at=None).first()
    if source is None:
        raise NotFound("There is no such calendar.")
    now = clock()
    ahead = ExternalWindow.objects.filter(source=source, ends_at__gt=now, status__in=[status.value for status in STANDS])
    ended = ahead.update(stood_as=F("status"), status=NoticeStatus.CANCELLED.value, changed_at=now)
    told = {"name": source.name, "provider": source.provider, "called_off": ended}
    source.removed_at, source.next_poll_at = now, None
    source.name = f"{source.name[:90]} (removed {now:%Y-%m-%d %H:%M:%S})"  # the name is free again
    source.save(update_fields=["removed_at", "next_poll_at", "name"])
    record("calendar_source.removed", actor, f"calendar:{source.pk}", data=told)
    return source


def address(url: str) -> str:
    """An http(s) address without credentials; `webcal:` means https. Where it leads is judged at every connection."""
    wanted = texts.line(url, "url", longest=1000)
    if not wanted:
        return ""
    if wanted.lower().startswith("webcal:"):
        wanted = "https:" + wanted[len("webcal:") :]
    try:
        parts = urlsplit(wanted)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or " " in wanted:
        raise Invalid("Write an address such as https://provider.example/maintenance.ics, without a user name.", field="url")
    return wanted


def host_of(url: str) -> str | None:
    """What may be told of an address: the rest of it is often a secret."""
    return urlsplit(url).hostname
