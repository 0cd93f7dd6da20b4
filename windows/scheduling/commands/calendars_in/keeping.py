"""Notices that cannot be taken: kept with what is missing, until a person or a complete notice settles them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, NotFound
from windows.ical_in.notices import Notice
from windows.scheduling import texts
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import CalendarSource, IncompleteNotice


def keep_incomplete(actor: Actor, notices: Iterable[Notice], via: str, source: CalendarSource | None) -> int:
    """How many wait for a person now that did not before. Inside the caller's transaction."""
    kept = 0
    for one in notices:
        missing = one.missing or ["an earlier notice of what it cancels, or its DTSTART and DTEND"]
        digest = hashlib.sha256(f"{one.provider}\n{one.raw}".encode(errors="replace")).hexdigest()
        said = {"provider": one.provider, "uid": one.uid, "sequence": one.sequence, "title": one.title, "missing": missing}
        row, new = IncompleteNotice.objects.get_or_create(digest=digest, defaults={**said, "raw": one.raw, "via": via, "source": source})
        if new:
            kept += 1
            record("notice.kept", actor, f"notice:{row.pk}", data=said)
    return kept


def settle_by(complete: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """A complete notice of the same maintenance has come: nothing is left to do."""
    names = {(provider, uid) for provider, uid, _ in complete}
    waiting = IncompleteNotice.objects.filter(settled_at=None, uid__in={uid for _, uid in names}).exclude(uid="")
    done = [pk for pk, provider, uid in waiting.values_list("pk", "provider", "uid") if (provider, uid) in names]
    if done:
        IncompleteNotice.objects.filter(pk__in=done).update(settled_at=now)


@one_transaction
def settle_notice(actor: Actor, notice_id: int, reason: str) -> IncompleteNotice:
    """A person has seen to it: asked the provider, say, or found it to be no maintenance. It stays on record."""
    person = require_calendars(actor)
    row = IncompleteNotice.objects.select_for_update().filter(pk=notice_id).first()
    if row is None:
        raise NotFound("There is no such notice.")
    if row.settled_at is not None:
        raise Conflict("This notice was settled already.", field="settled_at")
    why = texts.lines(reason, "reason", required=True)
    row.settled_at, row.settled_by_id = clock(), person
    row.save(update_fields=["settled_at", "settled_by"])
    record("notice.settled", actor, f"notice:{row.pk}", data={"provider": row.provider, "uid": row.uid, "reason": why})
    return row
