"""Valkey and Redis as kombu speaks to them, but for one thing: a message gives its place back before its acknowledgement is sent.

kombu does it the other way round. Where the broker is frozen for longer than `socket_timeout` the acknowledgement fails, and the message
keeps its place among those that the worker may hold, for ever: a worker that holds as many as it has processes takes no other one, also
after the broker has come back (github.com/celery/celery/issues/2415). What the broker then still keeps as unacknowledged is a ring that
has expired; it costs nothing.
"""

from kombu.transport import redis, virtual


class Places(redis.QoS):
    def ack(self, delivery_tag: str) -> None:
        virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
        self._remove_from_indices(delivery_tag).execute()  # type: ignore[no-untyped-call]

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
        super().reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]


class Channel(redis.Channel):
    QoS = Places


class Transport(redis.Transport):
    Channel = Channel
