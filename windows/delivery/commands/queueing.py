"""Verb: queue a finished message in the act's own transaction."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.db import connection

from windows.delivery.bell import ring_on_commit
from windows.delivery.models import Message, Urgency


def queue(  # noqa: PLR0917 - a message has these seven facts
    dedup_key: str, channel: str, recipient: str, urgency: Urgency | str, title: str, body: str, window: str = "", **more: Any
) -> None:
    """Put a finished message into the outbox. Must run inside the transaction of the act it tells of (RuntimeError otherwise).

    The same `dedup_key` is kept once, however often it is said; a long one by its hash. `more`: target, fact, teams, facts,
    outside, timezone, secret, secret_until.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{dedup_key} must be queued in the transaction of its act")
    message = Message(
        dedup_key=_short(dedup_key), channel=channel, recipient=recipient, urgency=Urgency(urgency).value,
        title=" ".join(title.split())[:300], body=body, window=window, **more,
    )  # fmt: skip
    Message.objects.bulk_create([message], ignore_conflicts=True)
    ring_on_commit("delivery.notify")


def _short(key: str) -> str:
    """At most 200 characters, and never the same for two facts: what tells them apart often stands at the end."""
    return key if len(key) <= 200 else f"{key[:135]}:{sha256(key.encode()).hexdigest()}"
