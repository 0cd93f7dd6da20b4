"""Nouns that read the trail. Who may read which window's is the caller's to ask (access.roles)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Subquery

from windows.audit.models import AuditEntry, AuditPending, AuditSeal

MOST = 500


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
