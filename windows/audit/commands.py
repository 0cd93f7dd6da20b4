"""Verb: record. Everybody who acts calls it inside the act's own transaction."""

from __future__ import annotations

from typing import Any

from django.db import connection

from windows.access.requests import request_id
from windows.access.roles import Actor
from windows.audit.models import AuditEntry


def record(
    kind: str, actor: Actor, subject: str, *, window: str = "", run_id: int | None = None, data: dict[str, Any] | None = None
) -> AuditEntry:
    """Append one entry to the trail. Must run inside the transaction of the act it tells of (RuntimeError otherwise).

    `kind` is dotted past tense ("window.approved"), `subject` a reference as shown to people ("MW-1042"), `data` plain JSON values.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} must be recorded in the transaction of its act")
    return AuditEntry.objects.create(
        kind=kind,
        actor=actor.name,
        actor_id=actor.person_id,
        via=actor.via,
        subject=subject,
        window=window,
        run_id=run_id,
        data=data or {},
        request_id=request_id.get(),
    )
