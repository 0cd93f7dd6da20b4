"""Verb: bring in a file: a calendar, a MAINTNOTE notice, a message or a mailbox."""

from __future__ import annotations

from windows.access.roles import Actor
from windows.errors import Invalid, NotFound, TooLarge
from windows.ical_in.lines import LARGEST, Unreadable
from windows.ical_in.notices import Notice
from windows.ical_in.reading import read
from windows.scheduling import texts
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.calendars_in.taking import Taken, take
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import CalendarSource


def bring_in(actor: Actor, raw: bytes, *, via: str = "upload", provider: str = "", source_id: int | None = None) -> Taken:
    """Read the file in a child process, then take all of it or nothing. Plain calendars name no provider: `provider` or the source does.

    TooLarge above 1 MiB, Invalid(field="file", line=…) for what is no calendar.
    """
    require_calendars(actor)
    speaker = texts.line(provider, "provider", longest=120)
    return keep(actor, understood(raw), via, speaker, source_id)


def understood(raw: bytes) -> list[Notice]:
    if len(raw) > LARGEST:
        raise TooLarge(f"A file has at most {LARGEST // 1024} KiB; this one has {len(raw) // 1024}.", limit=LARGEST)
    try:
        return read(raw)
    except Unreadable as error:
        raise Invalid(error.detail, field="file", line=error.line) from None


@one_transaction
def keep(actor: Actor, notices: list[Notice], via: str, provider: str, source_id: int | None) -> Taken:
    source = None
    if source_id is not None:
        source = CalendarSource.objects.filter(pk=source_id, removed_at=None).first()
        if source is None:
            raise NotFound("There is no such calendar.")
    return take(actor, notices, via=via, source=source, provider=provider)
