"""How many messages wait in the broker's queues. The broker may be away: then that is what is said."""

from __future__ import annotations

from dataclasses import dataclass

from kombu.exceptions import ChannelError

from portal.celery import app

QUEUES = ("execute", "sweep", "measure", "notify", "outside")
WAITING = {
    "execute": "runs that a worker is rung for",
    "sweep": "ticks that look at the tables",
    "measure": "gates and objectives to be measured",
    "notify": "messages to be sent",
    "outside": "surfaces, calendars and repositories to be looked at",
}


@dataclass(frozen=True, slots=True)
class Queue:
    """`length` is None where it is not known; `said` then tells why."""

    name: str
    length: int | None
    said: str


def queues() -> list[Queue]:
    """One connection for all; never raises."""
    try:
        with app.connection_for_read(connect_timeout=2) as connection:
            return [Queue(name, length_of(connection, name), WAITING[name]) for name in QUEUES]
    except Exception as error:  # each transport has errors of its own; whichever it is, the answer is "not known"
        why = f"The broker does not answer ({type(error).__name__})."
        return [Queue(name, None, why) for name in QUEUES]


def length_of(connection: object, name: str) -> int:
    """A queue that is not there holds nothing: Valkey forgets empty lists, RabbitMQ has it as soon as a worker has asked for it."""
    with connection.channel() as channel:  # type: ignore[attr-defined]  # a channel of its own: RabbitMQ closes it after "no such queue"
        try:
            return int(channel.queue_declare(queue=name, passive=True).message_count)
        except (ChannelError, *connection.channel_errors):  # type: ignore[attr-defined]  # kombu's own, and the transport's
            return 0
