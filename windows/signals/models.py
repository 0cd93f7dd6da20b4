"""Spans and log lines near windows, and how much room each window has taken. Bounded in size and age (commands/keeping.py, tasks.py)."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now


class StoredSpan(models.Model):
    """One span as otlp.records.Span has it. `window` is MW-1042 of a window we know, else "": then it is here for its place and time."""

    window = models.CharField(max_length=20, blank=True, db_default="")
    service = models.CharField(max_length=63)  # a slug, as a label; our own runs say “roadworks”
    environment = models.CharField(max_length=63, blank=True, db_default="")
    trace_id = models.CharField(max_length=32)
    span_id = models.CharField(max_length=16)
    parent_id = models.CharField(max_length=16, blank=True, db_default="")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    outcome = models.CharField(max_length=5)  # unset, ok, error
    message = models.CharField(max_length=500, blank=True, db_default="")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    tags = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))  # window, owner, step, scope as they were sent
    attributes = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    events = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    dropped = models.PositiveIntegerField(default=0, db_default=0)  # attributes and events that did not fit
    stays = models.BooleanField(default=False, db_default=False)  # without a tag, a week old, and seen to be near a window that ran
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trace_id", "span_id", "service"], name="span_once"),
            models.CheckConstraint(condition=Q(ends_at__gte=F("begins_at")), name="span_ends_after_begin"),
        ]
        indexes = [
            models.Index(fields=["window", "begins_at"], name="span_by_window"),
            models.Index(fields=["service", "begins_at"], name="span_by_service"),
            models.Index(fields=["window", "begins_at"], condition=Q(outcome="error"), name="span_that_failed"),
            BrinIndex(fields=["begins_at"], name="span_by_age"),
            models.Index(fields=["begins_at"], condition=Q(window="", stays=False), name="span_to_judge"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.name}"


class StoredLine(models.Model):
    """One log line as otlp.records.Line has it; `window` as in StoredSpan."""

    window = models.CharField(max_length=20, blank=True, db_default="")
    service = models.CharField(max_length=63)
    environment = models.CharField(max_length=63, blank=True, db_default="")
    at = models.DateTimeField()
    severity = models.PositiveSmallIntegerField()  # OpenTelemetry's number; 0 is not known
    level = models.CharField(max_length=20, blank=True, db_default="")
    text = models.TextField()
    trace_id = models.CharField(max_length=32, blank=True, db_default="")
    span_id = models.CharField(max_length=16, blank=True, db_default="")
    tags = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    attributes = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    dropped = models.PositiveIntegerField(default=0, db_default=0)
    digest = models.CharField(max_length=40)
    stays = models.BooleanField(default=False, db_default=False)  # without a tag, a week old, and seen to be near a window that ran
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest"], name="line_once")]
        indexes = [
            models.Index(fields=["window", "at"], name="line_by_window"),
            models.Index(fields=["service", "at"], name="line_by_service"),
            models.Index(fields=["trace_id"], condition=~Q(trace_id=""), name="line_by_trace"),
            BrinIndex(fields=["at"], name="line_by_age"),
            models.Index(fields=["at"], condition=Q(window="", stays=False), name="line_to_judge"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class SentCanary(models.Model):
    """By which rows a canary is known, noted before it is sent (commands/sweeping.py): the digest of its line, its span, its series."""

    service = models.CharField(max_length=63)
    trace_id = models.CharField(max_length=32)
    span_id = models.CharField(max_length=16)
    series = models.CharField(max_length=120)
    line = models.CharField(max_length=40)
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["sent_at"], name="canary_by_age")]

    def __str__(self) -> str:
        return self.series


class Room(models.Model):
    """How many bytes are taken by one window, by one service in it, or by one service on one day without a window."""

    holder = models.CharField(max_length=90, unique=True)  # “MW-1042”, “orders in MW-1042”, “orders 2026-11-26”
    taken = models.BigIntegerField(default=0, db_default=0)
    used_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(taken__gte=0), name="room_taken")]
        indexes = [models.Index(fields=["used_at"], name="room_by_age")]

    def __str__(self) -> str:
        return f"{self.holder}: {self.taken}"
