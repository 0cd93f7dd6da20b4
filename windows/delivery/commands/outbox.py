"""Verb of the outbox: send what is due, outside any transaction."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Func, TextField, Value, When
from django.db.models.functions import Now

from slo.telemetry.carrying import under
from windows.access.roles import ENGINE
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.delivery.commands.reaching import disable, stand_in
from windows.delivery.commands.ways import failing, leading_to, may_try, way_failed, way_of, way_works
from windows.delivery.models import Message, MessageStatus, Urgency
from windows.delivery.registry import channels
from windows.delivery.undelivered import Undelivered

TRIES = 8
FIRST_REST = timedelta(seconds=15)  # doubles: the eighth try comes half an hour after the first
LONGEST_REST = timedelta(hours=1)  # whatever the other side asks for
SECOND_AFTER = 2  # a page that failed twice goes another way too, and is tried further
BUDGET = 3.0  # seconds after which the rest of a batch is given back
OLDEST = timedelta(days=1)  # what could not even be tried for so long is dead
CLAIM = timedelta(minutes=1)  # how long a sender has before another may try the same message

TAKEN_OUT = "…"  # stands where a secret was
WITHOUT = Func(F("body"), F("secret"), Value(TAKEN_OUT), function="replace", output_field=TextField())
WITHOUT_SECRET: dict[str, Any] = {"body": Case(When(secret="", then=F("body")), default=WITHOUT, output_field=TextField()), "secret": ""}


def take_out_secrets() -> int:
    """Of what was never delivered and whose secret is worth nothing any more; how many."""
    return Message.objects.exclude(secret="").filter(secret_until__lt=Now()).update(**WITHOUT_SECRET)


def send_due(limit: int = 50) -> int:
    """Send what is due; answers how many were tried. Two senders never try the same message at once. A batch that becomes slow is given
    back, so that a new page never waits for the rest of it."""
    _go_around(limit)
    due, ends, tried = _claim(limit), time.monotonic() + BUDGET, 0
    for message in due:
        mine = Message.objects.filter(pk=message.pk, status=MessageStatus.QUEUED.value, attempts=message.attempts)
        if time.monotonic() > ends or not may_try(message):
            mine.update(attempts=message.attempts - 1, wake_at=clock())
            continue
        if not mine.update(wake_at=clock() + CLAIM):  # those before it took longer than the claim: another sender has it
            continue
        tried += 1
        try:
            send = channels().get(message.channel)
            if send is None:
                raise Undelivered(f"there is no channel “{message.channel}” here", permanent=True)
            if message.target is not None and message.target.ended_at is not None:
                raise Undelivered("its channel has ended", permanent=True)
            with under({} if message.outside else {"maintenance.window": message.window}):
                send(message)
        except Undelivered as error:
            if error.is_way:
                way_failed(message, error.retry_after)
            _put_off(message, str(error), permanent=error.permanent, rest=error.retry_after)
            if error.gone and message.target_id:
                disable(message.target_id, str(error))
        except Exception as error:  # a channel is a plug-in: its bug costs this message a try, not the others theirs
            _put_off(message, f"{type(error).__name__}: {error}", permanent=False)
        else:
            way_works(message)
            mine.update(status=MessageStatus.DELIVERED.value, wake_at=None, delivered_at=clock(), last_error="", **WITHOUT_SECRET)
    return tried


@transaction.atomic(durable=True)
def _go_around(limit: int) -> None:
    """What is due and leads a way that rests waits without being tried; a page goes its other ways meanwhile."""
    now = clock()
    resting = {name: way for name, way in failing().items() if way.rests_until > now}
    if not resting:
        return
    queued = Message.objects.select_for_update(skip_locked=True, of=("self",)).filter(status=MessageStatus.QUEUED.value, wake_at__lte=now)
    for message in queued.filter(leading_to(resting)).order_by("wake_at", "pk")[:limit]:
        way = resting[way_of(message)]
        if message.queued_at < now - OLDEST:
            _is_dead(message, "its way has not answered for a day")
            continue
        Message.objects.filter(pk=message.pk).update(wake_at=way.rests_until)
        if way.failures >= SECOND_AFTER:
            stand_in(message)


@transaction.atomic(durable=True)
def _claim(limit: int) -> list[Message]:
    """Pages first, but by ways that fail last: what tries one of those may take its whole time."""
    now, failing_ = clock(), failing()
    resting = {name: way for name, way in failing_.items() if way.rests_until > now}
    due = Message.objects.select_for_update(skip_locked=True, of=("self",)).filter(status=MessageStatus.QUEUED.value, wake_at__lte=now)
    due = due.exclude(leading_to(resting)) if resting else due
    working_first = [Case(When(leading_to(failing_), then=1), default=0)] if failing_ else []
    pages_first = Case(When(urgency=Urgency.PAGE.value, then=0), default=1)
    messages = list(due.select_related("target").order_by(*working_first, pages_first, "wake_at", "pk")[:limit])
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
    else:
        _is_dead(message, error)


def _is_dead(message: Message, error: str) -> None:
    mine = Message.objects.filter(pk=message.pk, status=MessageStatus.QUEUED.value, attempts=message.attempts)
    if mine.update(last_error=error, status=MessageStatus.DEAD.value, wake_at=None):
        stand_in(message)
        facts = {name: getattr(message, name) for name in ("channel", "recipient", "attempts", "urgency")}
        record("message.died", ENGINE, message.title[:120], window=message.window, data=facts | {"error": error})
