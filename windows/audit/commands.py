"""Verbs: record an act, seal what was recorded, sign the chain's head. Everybody who acts calls record inside the act's own transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from windows.access.requests import request_id
from windows.access.roles import Actor
from windows.audit.chain import COLUMNS, GENESIS, Head, Line, follow
from windows.audit.clock import clock
from windows.audit.models import AuditEntry, AuditHead, AuditSeal

SEALER = 0x7365616C  # the advisory lock of the one sealer
HEAD_EVERY = timedelta(hours=1)


def record(
    kind: str, actor: Actor, subject: str, *, window: str = "", run_id: int | None = None, data: dict[str, Any] | None = None
) -> AuditEntry:
    """Append one entry to the trail. Must run inside the transaction of the act it tells of (RuntimeError otherwise).

    `kind` is dotted past tense ("window.approved"), `subject` a reference as shown to people ("MW-1042"), `data` plain JSON values.
    """
    return record_all([(kind, data or {})], actor, subject, window=window, run_id=run_id)[0]


def record_all(
    acts: Iterable[tuple[str, dict[str, Any]]], actor: Actor, subject: str, *, window: str = "", run_id: int | None = None
) -> list[AuditEntry]:
    """Append one entry for each (kind, data), in one statement; as `record`."""
    return record_each([(kind, subject, window, data) for kind, data in acts], actor, run_id=run_id)


def record_each(acts: Iterable[tuple[str, str, str, dict[str, Any]]], actor: Actor, *, run_id: int | None = None) -> list[AuditEntry]:
    """Append one entry for each (kind, subject, window, data), in one statement; as `record`. For one act upon many things."""
    if not connection.in_atomic_block:
        raise RuntimeError("what happened must be recorded in the transaction of its act")
    same = {"actor": storable(actor.name), "actor_id": actor.person_id, "via": actor.via, "run_id": run_id, "request_id": request_id.get()}
    entries = [AuditEntry(kind=k, subject=storable(about), window=window, data=storable(data), **same) for k, about, window, data in acts]
    return AuditEntry.objects.bulk_create(entries)


def storable(value: Any) -> Any:
    """PostgreSQL stores neither NUL nor half a surrogate pair; an act must not fail, or go untold, for what somebody typed."""
    match value:
        case str():
            return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        case dict():
            return {storable(name): storable(item) for name, item in value.items()}
        case list() | tuple():
            return [storable(item) for item in value]
    return value


@transaction.atomic(durable=True)
def seal(limit: int = 1000) -> int:
    """Give waiting entries their place in the chain, in the order their transactions became visible; returns how many.

    One sealer at a time: whoever finds another at work leaves it to them and returns 0. A position is never skipped, because it is
    given here and not by a sequence.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [SEALER])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("select position, digest from audit_auditseal order by position desc limit 1")
        position, digest = cursor.fetchone() or (0, GENESIS)
        cursor.execute(
            f"select {COLUMNS} from audit_auditpending p join audit_auditentry e on e.id = p.entry_id order by e.id limit %s",  # noqa: S608
            [limit],
        )
        seals = []
        for row in cursor.fetchall():
            line = Line(*row)
            position, digest = position + 1, follow(digest, line)
            seals.append((position, line.id, digest))
        if seals:
            positions, entries, digests = (list(column) for column in zip(*seals, strict=True))
            cursor.execute(
                "insert into audit_auditseal (position, entry_id, digest) select * from unnest(%s::bigint[], %s::bigint[], %s::text[])",
                [positions, entries, digests],
            )
            cursor.execute("delete from audit_auditpending where entry_id = any(%s)", [entries])
    return len(seals)


@transaction.atomic(durable=True)
def sign_head(*, every: timedelta = timedelta(0)) -> Head | None:
    """State where the chain stands, signed. None where it is empty, or where less than `every` has passed since the last statement."""
    last = AuditHead.objects.order_by("-position", "-id").first()
    end = AuditSeal.objects.order_by("-position").first()
    now = clock()
    if end is None or (every and last and (last.at > now - every or last.position == end.position)):
        return None
    head = Head(end.position, end.digest, now).signed(settings.SECRET_KEY)
    AuditHead.objects.create(position=head.position, digest=head.digest, at=head.at, signature=head.signature)
    return head
