"""Verb of the outbox: send what is due, outside any transaction."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Case, When

from windows.access.roles import ENGINE
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.delivery.commands.reaching import disable, stand_in
from windows.delivery.models import Message, MessageStatus, Urgency
from windows.delivery.registry import channels
from windows.delivery.undelivered import Undelivered

TRIES = 8
FIRST_REST = timedelta(seconds=15)  # doubles: the eighth try comes half an hour after the first
LONGEST_REST = timedelta(hours=1)  # whatever the other side asks for
SECOND_AFTER = 2  # a page that failed twice goes another way too, and is tried further
CLAIM = timedelta(minutes=1)  # how long a sender has before another may try the same message


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
            if message.target is not None and message.target.ended_at is not None:
                raise Undelivered("its channel has ended", permanent=True)
            send(message)
        except Undelivered as error:
            _put_off(message, str(error), permanent=error.permanent, rest=error.retry_after)
            if error.gone and message.target_id:
                disable(message.target_id, str(error))
        except Exception as error:  # a channel is a plug-in: its bug costs this message a try, not the others theirs
            _put_off(message, f"{type(error).__name__}: {error}", permanent=False)
        else:
            mine.update(status=MessageStatus.DELIVERED.value, wake_at=None, delivered_at=clock(), last_error="")
    return len(due)


@transaction.atomic(durable=True)
def _claim(limit: int) -> list[Message]:
    now = clock()
    due = Message.objects.select_for_update(skip_locked=True, of=("self",)).filter(status=MessageStatus.QUEUED.value, wake_at__lte=now)
    pages_first = Case(When(urgency=Urgency.PAGE.value, then=0), default=1)
    messages = list(due.select_related("target").order_by(pages_first, "wake_at", "pk")[:limit])
    for message in messages:
        message.attempts += 1
        message.wake_at = now + CLAIM
    if messages:
        Message.objects.bulk_update(messages, ["attempts", "wake_at"])
    return messages


@transaction.atomic(durable=True)
def _put_off(message: Message, error: str, *, permanent: bool, rest: timedelta | None = None) -> None:
    """Try again later, each time twice as much later; after the last try it is dead, which is shown and audited, never dropped."""
    mine = Message.objects.filter(pk=message.pk, status=MessageStatus.QUEUED.value, attempts=message.attempts)
    if not permanent and message.attempts < TRIES:
        doubled = FIRST_REST * 2.0 ** (message.attempts - 1)
        mine.update(last_error=error, wake_at=clock() + min(max(doubled, rest or doubled), LONGEST_REST))
        if message.attempts >= SECOND_AFTER:
            stand_in(message)
    elif mine.update(last_error=error, status=MessageStatus.DEAD.value, wake_at=None):
        facts = {
            "channel": message.channel,
            "recipient": message.recipient,
            "attempts": message.attempts,
            "error": error,
            "urgency": message.urgency,
        }
        stand_in(message)
        record("message.died", ENGINE, message.title[:120], window=message.window, data=facts)
