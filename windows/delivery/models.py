"""The outbox: finished messages, each with where it goes and how its delivery stands."""

from enum import StrEnum

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now


class MessageStatus(StrEnum):
    QUEUED = "queued"
    DELIVERED = "delivered"
    DEAD = "dead"  # tries exhausted: shown, never dropped


class Urgency(StrEnum):
    PAGE = "page"
    TICKET = "ticket"
    NOTICE = "notice"


class Channel(models.Model):
    """A team's way to be told beside its people's mail. Its secret is used and never shown."""

    team = models.CharField(max_length=63)
    kind = models.CharField(max_length=30)  # the name of a module in delivery/channels/
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=500)
    secret = models.CharField(max_length=500, blank=True)
    urgencies = models.JSONField(default=list)  # values of Urgency
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    ended_because = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["team"], condition=Q(ended_at__isnull=True), name="channel_of_team")]

    def __str__(self) -> str:
        return self.name


class Way(models.Model):
    """A way out that fails at the moment: a channel's server, or the mail server. One that works has no row."""

    name = models.CharField(max_length=60, unique=True)
    failures = models.PositiveIntegerField(default=0, db_default=0)  # in a row
    rests_until = models.DateTimeField(db_default=Now())  # nobody asks it before

    def __str__(self) -> str:
        return self.name


class Consumed(models.Model):
    """A queue of the broker, and when a worker last said that it consumes it. One row a queue, whoever consumes it."""

    queue = models.CharField(max_length=60, primary_key=True)
    seen_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.queue


class Message(models.Model):
    dedup_key = models.CharField(max_length=200, unique=True)  # one fact, one message, however often it is said
    channel = models.CharField(max_length=30)  # the name of a module in delivery/channels/
    recipient = models.CharField(max_length=300)
    urgency = models.CharField(max_length=10, choices=[(u.value, u.value) for u in Urgency])
    title = models.CharField(max_length=300)
    body = models.TextField()
    window = models.CharField(max_length=20, blank=True)
    target = models.ForeignKey(Channel, models.PROTECT, null=True, related_name="messages")  # null: a person's mail
    fact = models.CharField(max_length=200, blank=True, db_default="")  # what it tells of: the same for everybody who is told
    teams = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # who else may be told of it where this way fails
    facts = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))  # what programs are told beside the words
    outside = models.JSONField(
        default=list, db_default=Value([], models.JSONField())
    )  # title and body for whoever is told in this one's place and may not read it; empty: the same
    timezone = models.CharField(max_length=60, blank=True, default="", db_default="")  # of its window: for readers whose own is not known
    secret = models.CharField(max_length=200, blank=True, db_default="")  # of its body: taken out once it is delivered, or is worth nothing
    secret_until = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in MessageStatus], default=MessageStatus.QUEUED.value)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    wake_at = models.DateTimeField(null=True, db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(db_default=Now())  # last: when it was made, or sent again
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="queued", wake_at__isnull=False) | (~Q(status="queued") & Q(wake_at__isnull=True)),
                name="queued_means_wake_at",
            ),
        ]
        indexes = [
            models.Index(fields=["wake_at"], condition=Q(status="queued"), name="message_due"),
            BrinIndex(fields=["delivered_at"], name="message_by_age"),
            models.Index(fields=["secret_until"], condition=~Q(secret=""), name="message_with_secret"),
            models.Index(fields=["window", "-id"], condition=~Q(window=""), name="message_of_window"),
        ]

    def __str__(self) -> str:
        return self.title
