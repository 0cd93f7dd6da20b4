"""Verb: a person says what a notice left out, and it is taken as if the provider had said so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, Invalid, NotFound, Refused
from windows.ical_in.notices import LONGEST, MOST_OBJECTS, Notice
from windows.ical_in.states import Impact, NoticeStatus
from windows.scheduling import texts
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.calendars_in.taking import take
from windows.scheduling.commands.calendars_in.uploads import understood
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import IncompleteNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a person knows of the maintenance; times are zone-aware."""

    provider: str
    title: str
    starts_at: datetime
    ends_at: datetime
    status: str = NoticeStatus.CONFIRMED.value
    impact: str = Impact.UNKNOWN.value
    objects: tuple[str, ...] = ()


def complete_notice(actor: Actor, notice_id: int, said: Completed) -> IncompleteNotice:
    """Take the notice with what was said. What the provider did write and nobody corrected stays: its references, its link, its rule.

    Invalid names the field; Conflict where it was settled already, or a newer notice of the same maintenance came meanwhile.
    """
    require_calendars(actor)
    return keep(actor, notice_id, written(one_of(notice_id)), said)


def one_of(notice_id: int) -> IncompleteNotice:
    row = IncompleteNotice.objects.filter(pk=notice_id).first()
    if row is None:
        raise NotFound("There is no such notice.")
    return row


def written(row: IncompleteNotice) -> Notice:
    """What the notice does say, read again in the child process; nothing where it cannot be read."""
    try:
        found = understood(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{row.raw.strip()}\r\nEND:VCALENDAR\r\n".encode())
    except Refused:
        found = []
    return found[0] if len(found) == 1 else Notice(line=0, maintnote=True, raw=row.raw, uid=row.uid, sequence=row.sequence)


@one_transaction
def keep(actor: Actor, notice_id: int, notice: Notice, said: Completed) -> IncompleteNotice:
    person = require_calendars(actor)
    row = IncompleteNotice.objects.select_for_update(of=("self",)).select_related("source").get(pk=notice_id)
    if row.settled_at is not None:
        raise Conflict("This notice was settled already.", field="settled_at")
    whole(notice, row, said)
    via = "upload" if row.via == "poll" else row.via  # a poll would speak for the whole calendar
    taken = take(actor, [notice], via=via, source=row.source, provider=notice.provider)
    if taken.older:
        raise Conflict("A newer notice of this maintenance has come meanwhile: settle this one.", field="title")
    row.settled_at, row.settled_by_id = clock(), person
    row.save(update_fields=["settled_at", "settled_by"])
    record("notice.completed", actor, f"notice:{row.pk}", data={"provider": notice.provider, "uid": notice.uid, "title": notice.title})
    return row


def whole(notice: Notice, row: IncompleteNotice, said: Completed) -> None:
    """The notice with what was said written into it, and nothing missing."""
    notice.provider = texts.line(said.provider, "provider", longest=120, required=row.source is None).lower()
    notice.title = texts.line(said.title, "title", longest=500, required=True)
    notice.uid = notice.uid or f"notice-{row.pk}"
    if said.status not in set(NoticeStatus) or said.impact not in set(Impact):
        field = "impact" if said.status in set(NoticeStatus) else "status"
        raise Invalid("Choose one of the list.", field=field)
    notice.status, notice.impact = said.status, said.impact
    if said.ends_at <= said.starts_at or said.ends_at - said.starts_at > LONGEST:
        raise Invalid("The end must come after the start, 92 days at most.", field="ends_at")
    begins = said.starts_at.astimezone(UTC).isoformat()
    if notice.starts_at != begins or any(one.startswith(("RRULE", "RDATE", "EXDATE")) for one in notice.missing):
        notice.rrule, notice.rdates, notice.exdates = "", [], []
        notice.wall_start, notice.zone = begins.removesuffix("+00:00"), "UTC"
    notice.starts_at, notice.ends_at = begins, said.ends_at.astimezone(UTC).isoformat()
    named = list(cleaned(said.objects))
    notice.objects = {name: notice.objects.get(name, "") for name in named}
    notice.missing = []


def cleaned(objects: Iterable[str]) -> Iterable[str]:
    names = [name for name in (texts.line(one, "objects", longest=200) for one in objects) if name]
    if len(names) > MOST_OBJECTS:
        raise Invalid(f"At most {MOST_OBJECTS} objects.", field="objects")
    return dict.fromkeys(names)
