"""Which ways out fail, and how rarely those are asked: one hanging server must not hold up what goes elsewhere.

A way rests after each failure, twice as long each time. When the rest is over one message tries it, for everything that waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from windows.audit.clock import clock
from windows.delivery.models import Message, Way

FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=15)
TRIAL = timedelta(minutes=1)  # how long the one message that tries a failing way keeps the others from it


def way_of(message: Message) -> str:
    return f"channel:{message.target_id}" if message.target_id else message.channel


def failing() -> dict[str, Way]:
    return {way.name: way for way in Way.objects.all()}


def leading_to(names: Mapping[str, object]) -> Q:
    """The messages that leave by one of these ways."""
    targets = [int(name.removeprefix("channel:")) for name in names if name.startswith("channel:")]
    plain = [name for name in names if not name.startswith("channel:")]
    return Q(target__in=targets) | Q(target=None, channel__in=plain)


def may_try(message: Message) -> bool:
    """Whether this message may go now. Of a failing way that has rested, one message at a time may."""
    name = way_of(message)
    if not Way.objects.filter(name=name).exists():
        return True
    now = clock()
    return bool(Way.objects.filter(name=name, rests_until__lte=now).update(rests_until=now + TRIAL))


@transaction.atomic(durable=True)
def way_failed(message: Message, asked: timedelta | None) -> None:
    """It rests, at least as long as the other side `asked`."""
    Way.objects.bulk_create([Way(name=way_of(message))], ignore_conflicts=True)
    way = Way.objects.select_for_update().get(name=way_of(message))
    way.failures, way.rests_until = way.failures + 1, rest(way.failures + 1, asked, clock())
    way.save(update_fields=["failures", "rests_until"])


def rest(failures: int, asked: timedelta | None, now: datetime) -> datetime:
    doubled = min(FIRST_REST * 2.0 ** min(failures - 1, 10), LONGEST_REST)
    return now + max(doubled, min(asked or doubled, timedelta(hours=1)))


def way_works(message: Message) -> None:
    Way.objects.filter(name=way_of(message)).delete()
