"""Verb: take what a provider announced. Idempotent: the same file again changes nothing; an older one neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.ical_in.notices import Notice
from windows.ical_in.states import STANDS, NoticeStatus
from windows.ical_in.succession import is_older
from windows.scheduling.commands.calendars_in.keeping import keep_incomplete, settle_by
from windows.scheduling.models import CalendarSource, ExternalWindow
from windows.scheduling.unfolding import Unfolded, spread, unfold

ARRIVALS = 0xCA1  # advisory lock: one arrival after another, so that each knows what the one before made
COLUMNS = ("sequence", "stamped_at", "status", "impact", "title", "starts_at", "ends_at", "account", "references", "objects_named", "link",
           "raw", "source_id", "via", "changed_at", "stood_as")  # fmt: skip
FACTS = ("status", "impact", "title", "starts_at", "ends_at", "account", "references", "objects_named", "link")


@dataclass(slots=True)
class Taken:
    """What became of an arrival: rows by what happened to them, and what waits for a person."""

    announced: int = 0
    changed: int = 0
    cancelled: int = 0
    unchanged: int = 0
    older: int = 0
    incomplete: int = 0
    told: dict[tuple[str, str], str] = field(default_factory=dict)  # (provider, uid) → the verb of its audit entry


def take(actor: Actor, notices: Iterable[Notice], *, via: str, source: CalendarSource | None = None, provider: str = "") -> Taken:
    """Inside the caller's transaction. A source speaks for its own provider only; else `provider` is meant where a notice names none.

    A poll brings the whole calendar: what it no longer names and has not ended is called off.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s::int, 0)", [ARRIVALS])
    now, taken = clock(), Taken()
    found = unfold([named(one, provider.lower(), source) for one in notices], now)
    rows = known(found, source, now)
    spread(found, rows)
    fresh: list[ExternalWindow] = []
    said_again: list[ExternalWindow] = []
    edited: list[ExternalWindow] = []
    for key, notice in found.rows.items():
        row = rows.get(key)
        if row is None and not notice.starts_at:
            found.incomplete.append(notice)  # a cancellation of what nobody announced
            continue
        if row is not None and is_older(notice.sequence, stamp(notice), row.sequence, row.stamped_at):
            taken.older += 1
            continue
        before = None if row is None else [getattr(row, name) for name in FACTS]
        place = None if row is None else (row.sequence, row.stamped_at, row.stood_as)
        row = row or ExternalWindow(provider=key[0], uid=key[1], occurrence=key[2], received_at=now)
        state(row, notice)
        if before == [getattr(row, name) for name in FACTS]:
            taken.unchanged += 1
            if place != (row.sequence, row.stamped_at, row.stood_as):
                said_again.append(row)  # else something between the two would pass for newer
            continue
        row.changed_at, row.via, row.source = now, via, source or row.source
        (fresh if before is None else edited).append(row)
        tell(taken, row, new=before is None)
    edited += gone(taken, found, rows, source, now, whole=via == "poll")
    ExternalWindow.objects.bulk_create(fresh, batch_size=500)
    ExternalWindow.objects.bulk_update(said_again, ("sequence", "stamped_at", "raw", "stood_as"), batch_size=500)
    ExternalWindow.objects.bulk_update(edited, COLUMNS, batch_size=500)
    taken.incomplete = keep_incomplete(actor, found.incomplete, via, source)
    unread = {(one.provider, one.uid) for one in found.incomplete}
    settle_by([key for key in found.rows if key[:2] not in unread], now)
    tell_trail(actor, taken, [*fresh, *edited])
    return taken


def named(one: Notice, provider: str, source: CalendarSource | None) -> Notice:
    """The notice with its provider. A calendar that is polled must not speak for another's circuits, whatever it says."""
    one.provider = source.provider if source else one.provider or provider
    if one.provider:
        one.missing = [name for name in one.missing if name != "X-MAINTNOTE-PROVIDER"]
    elif not one.maintnote:
        one.missing.append("the provider's name")
    return one


def known(found: Unfolded, source: CalendarSource | None, now: datetime) -> dict[tuple[str, str, str], ExternalWindow]:
    """What is stored of everything that arrived, and what of the source is not over."""
    rows = ExternalWindow.objects.filter(provider__in={key[0] for key in found.rows}, uid__in={key[1] for key in found.rows})
    if source is not None:
        rows = rows | ExternalWindow.objects.filter(source=source, ends_at__gt=now)
    return {(row.provider, row.uid, row.occurrence): row for row in rows}


def state(row: ExternalWindow, notice: Notice) -> None:
    """Write what a notice says into the row; what a cancellation leaves out stays as it was. What we called off because it was missing
    stands again as it stood."""
    lasting = row.pk is not None
    row.sequence, row.stamped_at, row.raw = notice.sequence, stamp(notice), notice.raw
    row.status = notice.status or row.stood_as or (row.status if lasting else NoticeStatus.CONFIRMED.value)
    row.stood_as = ""
    row.title = notice.title or row.title or "(untitled)"
    if notice.starts_at:
        row.starts_at, row.ends_at = datetime.fromisoformat(notice.starts_at), datetime.fromisoformat(notice.ends_at)
    if notice.status not in (NoticeStatus.CANCELLED, NoticeStatus.COMPLETED) or not lasting or notice.objects:
        row.objects_named, row.impact = notice.objects, notice.impact
    row.account, row.references = notice.account or row.account, notice.references or row.references
    row.link = notice.link or row.link


def stamp(notice: Notice) -> datetime | None:
    return datetime.fromisoformat(notice.stamped_at) if notice.stamped_at else None


def gone(
    taken: Taken, found: Unfolded, rows: dict[Any, ExternalWindow], source: CalendarSource | None, now: datetime, *, whole: bool
) -> list[ExternalWindow]:
    """What a series no longer has, and what a polled calendar no longer names: called off. What could not be read is left alone."""
    unread = {one.uid for one in found.incomplete}
    left = []
    for key, row in rows.items():
        named_once = (row.provider, row.uid) in found.series or (whole and source is not None and row.source_id == source.pk)
        if key not in found.rows and named_once and row.uid not in unread and row.ends_at > now and row.status in STANDS:
            row.stood_as, row.status, row.changed_at = row.status, NoticeStatus.CANCELLED.value, now
            tell(taken, row, new=False)
            left.append(row)
    return left


def tell(taken: Taken, row: ExternalWindow, *, new: bool) -> None:
    kind = "announced" if new else "cancelled" if row.status == NoticeStatus.CANCELLED else "changed"
    setattr(taken, kind, getattr(taken, kind) + 1)
    taken.told.setdefault((row.provider, row.uid), kind)


def tell_trail(actor: Actor, taken: Taken, rows: list[ExternalWindow]) -> None:
    """One entry for each maintenance, however many occurrences it has; the conflicts are asked again by it."""
    by_uid: dict[tuple[str, str], list[ExternalWindow]] = {}
    for row in rows:
        by_uid.setdefault((row.provider, row.uid), []).append(row)
    for key, kind in taken.told.items():
        first, *more = sorted(by_uid[key], key=lambda row: row.starts_at)
        last = max([first, *more], key=lambda row: row.ends_at)
        data = {
            "provider": first.provider, "uid": first.uid, "title": first.title, "status": first.status, "impact": first.impact,
            "sequence": first.sequence, "starts_at": first.starts_at.isoformat(), "ends_at": last.ends_at.isoformat(),
            "occurrences": 1 + len(more), "ids": [row.pk for row in (first, *more)][:100],
        }  # fmt: skip
        record(f"external_window.{kind}", actor, f"external:{first.pk}", data=data)
