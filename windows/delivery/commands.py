"""Verbs of the outbox: queue a message in the act's own transaction; send what is due, outside any."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from django.db import connection, transaction

from windows.access.roles import ENGINE
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.delivery.bell import ring_on_commit
from windows.delivery.models import Message, MessageStatus, Urgency
from windows.delivery.registry import channels
from windows.delivery.undelivered import Undelivered

TRIES = 8
FIRST_REST = timedelta(seconds=15)  # doubles: the eighth try comes half an hour after the first
CLAIM = timedelta(minutes=1)  # how long a sender has before another may try the same message


def queue(  # noqa: PLR0917 - a message has these seven facts
    dedup_key: str, channel: str, recipient: str, urgency: Urgency | str, title: str, body: str, window: str = ""
) -> None:
    """Put a finished message into the outbox. Must run inside the transaction of the act it tells of (RuntimeError otherwise).

    The same `dedup_key` is kept once, however often it is said; a long one by its hash.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{dedup_key} must be queued in the transaction of its act")
    message = Message(
        dedup_key=_short(dedup_key), channel=channel, recipient=recipient, urgency=Urgency(urgency).value,
        title=" ".join(title.split())[:300], body=body, window=window,
    )  # fmt: skip
    Message.objects.bulk_create([message], ignore_conflicts=True)
    ring_on_commit("delivery.notify")


def _short(key: str) -> str:
    """At most 200 characters, and never the same for two facts: what tells them apart often stands at the end."""
    return key if len(key) <= 200 else f"{key[:135]}:{sha256(key.encode()).hexdigest()}"


def send_due(limit: int = 50) -> int:
    """Send what is due; answers how many were tried. Two senders never try the same message at once."""
    due = _claim(limit)
    for message in due:
        mine = Message.objects.filter(pk=message.pk, status=MessageStatus.QUEUED.value, attempts=message.attempts)
        if not mine.update(wake_at=clock() + CLAIM):  # those before it took longer than the claim: another sender has it
            continue
        try:
            send = channels().get(message.channel)
            if send is None:
                raise Undelivered(f"there is no channel “{message.channel}” here", permanent=True)
            send(message)
        except Undelivered as error:
            _put_off(message, str(error), permanent=error.permanent)
        except Exception as error:  # a channel is a plug-in: its bug costs this message a try, not the others theirs
            _put_off(message, f"{type(error).__name__}: {error}", permanent=False)
        else:
            mine.update(status=MessageStatus.DELIVERED.value, wake_at=None, delivered_at=clock(), last_error="")
    return len(due)


@transaction.atomic(durable=True)
def _claim(limit: int) -> list[Message]:
    now = clock()
    due = Message.objects.select_for_update(skip_locked=True).filter(status=MessageStatus.QUEUED.value, wake_at__lte=now)
    messages = list(due.order_by("wake_at", "pk")[:limit])
    for message in messages:
        message.attempts += 1
        message.wake_at = now + CLAIM
    if messages:
        Message.objects.bulk_update(messages, ["attempts", "wake_at"])
    return messages


@transaction.atomic(durable=True)
def _put_off(message: Message, error: str, *, permanent: bool) -> None:
    """Try again later, each time twice as much later; after the last try it is dead, which is shown and audited, never dropped."""
    mine = Message.objects.filter(pk=message.pk, status=MessageStatus.QUEUED.value, attempts=message.attempts)
    if not permanent and message.attempts < TRIES:
        mine.update(last_error=error, wake_at=clock() + FIRST_REST * 2.0 ** (message.attempts - 1))
    elif mine.update(last_error=error, status=MessageStatus.DEAD.value, wake_at=None):
        facts = {
            "channel": message.channel,
            "recipient": message.recipient,
            "attempts": message.attempts,
            "error": error,
            "urgency": message.urgency,
        }
        record("message.died", ENGINE, message.title[:120], window=message.window, data=facts)
