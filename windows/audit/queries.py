"""Nouns that read the trail. Who may read which window's is the caller's to ask (access.roles)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Subquery

from windows.audit.models import AuditEntry, AuditHead, AuditPending, AuditSeal

MOST = 500
MARK = """select coalesce(sealed.position, 0) + waiting.n, greatest(sealed.entry_id, waiting.last)
 from (select count(*) as n, max(entry_id) as last from audit_auditpending) waiting
 left join (select position, entry_id from audit_auditseal order by position desc limit 1) sealed on true"""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One act. `position` is its place in the chain, None in the unsealed tail, which is seconds long."""

    id: int
    at: datetime
    kind: str
    actor: str
    actor_id: int | None
    via: str
    subject: str
    window: str
    run_id: int | None
    data: dict[str, Any]
    request_id: str
    position: int | None


FIELDS = tuple(TrailEntry.__dataclass_fields__)
PLACE = Subquery(AuditSeal.objects.filter(entry_id=OuterRef("pk")).values("position"))


def trail(
    *,
    window: str = "",
    subject: str = "",
    run_id: int | None = None,
    kinds: Collection[str] = (),
    without: Collection[str] = (),
    prefix: str = "",
    after: int | None = None,
    newest_first: bool = False,
    limit: int = 100,
) -> list[TrailEntry]:
    """Entries by id, oldest first or newest first, the unsealed tail included: for people to read.

    `prefix` is how a kind begins ("run."), `without` names kinds to leave out.
    `after` is the id of the last entry of the page before, in the same direction. Consumers that must miss nothing read `sealed`.
    """
    rows = AuditEntry.objects.order_by("-id" if newest_first else "id")
    if window:
        rows = rows.filter(window=window)
    if subject:
        rows = rows.filter(subject=subject)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if without:
        rows = rows.exclude(kind__in=without)
    if prefix:
        rows = rows.filter(kind__startswith=prefix)
    if run_id is not None:
        rows = rows.filter(run_id=run_id)
    if after is not None:
        rows = rows.filter(id__lt=after) if newest_first else rows.filter(id__gt=after)
    return [TrailEntry(*row) for row in rows.annotate(position=PLACE).values_list(*FIELDS)[: min(limit, MOST)]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the trail is looked at; empty means all. `kind` is a whole kind or how one begins ("run."), `who` part of a name."""

    kind: str = ""
    who: str = ""
    window: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


def trail_page(wanted: Wanted, *, hidden: Collection[str] = (), before: int | None = None, limit: int = 50) -> list[TrailEntry]:
    """Newest first, the unsealed tail included, below the id `before`; without the windows in `hidden`. One query."""
    rows = AuditEntry.objects.order_by("-id")
    if wanted.kind:
        rows = rows.filter(kind__startswith=wanted.kind)
    if wanted.who:
        rows = rows.filter(actor__icontains=wanted.who)
    for name in ("window", "subject"):
        if getattr(wanted, name):
            rows = rows.filter(**{name: getattr(wanted, name)})
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    if hidden:
        rows = rows.exclude(window__in=hidden)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [TrailEntry(*row) for row in rows.annotate(position=PLACE).values_list(*FIELDS)[:limit]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the chain stands: its last position, what waits for the sealer and since when, and the last signed statement of it."""

    position: int
    waiting: int
    waiting_since: datetime | None
    stated_position: int | None
    stated_at: datetime | None


def chain_standing() -> Standing:
    last = AuditSeal.objects.order_by("-position").values_list("position", flat=True).first() or 0
    waiting, since = unsealed()
    head = AuditHead.objects.order_by("-position", "-id").values_list("position", "at").first()
    return Standing(last, waiting, since, *(head or (None, None)))


def sealed(*, after: int = 0, limit: int = 100) -> list[TrailEntry]:
    """Entries behind a position of the chain, in its order: a reader that remembers the last position misses none, however late one
    committed (ids are given before the commit, positions after it)."""
    seals = list(AuditSeal.objects.filter(position__gt=after).order_by("position").values_list("position", "entry_id")[: min(limit, MOST)])
    places = {entry: position for position, entry in seals}
    rows = AuditEntry.objects.filter(pk__in=places).values(*[name for name in FIELDS if name != "position"])
    return sorted((TrailEntry(**row, position=places[row["id"]]) for row in rows), key=lambda entry: entry.position or 0)


def unsealed() -> tuple[int, datetime | None]:
    """How many entries wait for the sealer, and since when: the sealer's own pulse."""
    waiting = AuditPending.objects.order_by("entry_id")
    oldest = (
        AuditEntry.objects.filter(pk__in=waiting.values("entry_id")[:1]).annotate(since=F("at")).values_list("since", flat=True).first()
    )
    return waiting.count(), oldest


def trail_mark() -> str:
    """A word that differs after every act, whenever it committed: how many entries there are, sealed or waiting, and the id of the
    last of them, so that a store that was set back to an earlier day does not repeat its words. One query on two primary keys."""
    with connection.cursor() as cursor:
        cursor.execute(MARK)
        count, last = cursor.fetchone()
    return f"{count}.{last}"
