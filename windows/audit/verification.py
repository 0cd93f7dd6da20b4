"""Does the trail still say what it said? Walks the chain from its beginning and compares it with every head it can find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from windows.audit.chain import COLUMNS, GENESIS, Head, Line, follow
from windows.audit.models import AuditHead, AuditPending

BATCH = 5000


@dataclass(frozen=True, slots=True)
class Report:
    """`why` is empty where everything holds; `position` then is None, else the first place that is broken (None too: outside the chain)."""

    sealed: int
    digest: str
    unsealed: int
    why: str = ""
    position: int | None = None
    heads: int = 0

    @property
    def is_whole(self) -> bool:
        return not self.why


class Broken(Exception):
    def __init__(self, position: int | None, why: str) -> None:
        super().__init__(why)
        self.position, self.why = position, why


def verify(exported: Sequence[Head] = ()) -> Report:
    """Walk the whole chain; `exported` are heads that were kept elsewhere. Never holds more than a batch of entries in memory."""
    position, digest, heads = 0, GENESIS, 0
    try:
        stated = stated_heads(exported)
        heads = len(stated)
        expected = iter(stated)
        head = next(expected, None)
        for link in links():
            position += 1
            digest = step(position, link, digest)
            while head is not None and head.position == position:
                if head.digest != digest:
                    raise Broken(position, f"the head signed at {head.at:%Y-%m-%d %H:%M} says otherwise: the chain was written anew")
                head = next(expected, None)
        if head is not None:
            raise Broken(position + 1, f"the chain ends at {position}, a signed head states {head.position}: its tail was cut off")
        outside()
    except Broken as broken:
        return Report(position, digest, AuditPending.objects.count(), broken.why, broken.position, heads)
    return Report(position, digest, AuditPending.objects.count(), heads=heads)


@dataclass(frozen=True, slots=True)
class Link:
    """A seal with its entry's columns, which are None where the entry is gone."""

    position: int
    entry_id: int
    digest: str
    entry: Sequence[Any]


def step(position: int, link: Link, digest: str) -> str:
    """The digest at this place, behind the last one's; or Broken."""
    if link.position > position:
        raise Broken(position, "its seal was removed")
    if link.position < position:
        raise Broken(link.position, "the chain forks: two seals claim this place")
    if link.entry[0] is None:
        raise Broken(position, f"its entry {link.entry_id} was removed")
    if follow(digest, Line(*link.entry)) != link.digest:
        raise Broken(position, f"entry {link.entry_id}, its seal or its place was changed")
    return link.digest


def links() -> Iterator[Link]:
    """The chain, in order."""
    after: tuple[int, int] = (-(2**62), 0)
    query = (
        f"select s.position, s.entry_id, s.digest, {COLUMNS} from audit_auditseal s left join audit_auditentry e on e.id = s.entry_id"  # noqa: S608
        " where (s.position, s.entry_id) > (%s, %s) order by s.position, s.entry_id limit %s"
    )
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [*after, BATCH])
            rows = cursor.fetchall()
        for position, entry_id, digest, *entry in rows:
            yield Link(position, entry_id, digest, entry)
        if len(rows) < BATCH:
            return
        after = rows[-1][0], rows[-1][1]


def stated_heads(exported: Sequence[Head]) -> list[Head]:
    """Every head there is, by position; Broken where one does not carry our signature."""
    stored = [Head(*row) for row in AuditHead.objects.values_list("position", "digest", "at", "signature")]
    keys = [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
    for head in (*stored, *exported):
        if not head.is_signed_by(*keys):
            raise Broken(head.position, "a head for this place does not carry our signature")
        if head.position < 1:
            raise Broken(None, "a head states a place that cannot be")
    return sorted((*stored, *exported), key=lambda head: head.position)


def outside() -> None:
    """Broken where an entry is neither in the chain nor on its way there, or in it twice."""
    with connection.cursor() as cursor:
        cursor.execute("select entry_id, max(position) from audit_auditseal group by entry_id having count(*) > 1 order by 2 limit 1")
        if twice := cursor.fetchone():
            raise Broken(twice[1], f"entry {twice[0]} is sealed twice")
        cursor.execute(
            "select e.id from audit_auditentry e where not exists (select from audit_auditseal s where s.entry_id = e.id)"
            " and not exists (select from audit_auditpending p where p.entry_id = e.id) order by 1 limit 1"
        )
        if lost := cursor.fetchone():
            raise Broken(None, f"entry {lost[0]} is neither in the chain nor on its way there")
