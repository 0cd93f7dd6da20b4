"""Calendars in: where other people's maintenance comes from, what they announced, and which of our services it reaches.

Facts as the provider stated them; which services are reached is computed from `ProviderObject` at every reading, so that a
corrected mapping counts at once for everything that was announced before.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from windows.catalogue.models import Service
from windows.ical_in.states import Impact, NoticeStatus
from windows.scheduling.models.windows import CONTROLS, period

EVERYTHING = "*"  # as an object: whatever the provider announces


class CalendarSource(models.Model):
    """A calendar of somebody else. With a URL it is polled; without one it is filled by uploads."""

    name = models.CharField(max_length=120, unique=True)
    provider = models.CharField(max_length=120)  # lower case; whose objects its events name
    url = models.URLField(max_length=1000, blank=True)
    etag = models.CharField(max_length=300, blank=True)  # as the server said them, for the next question
    last_modified = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, blank=True)  # of what was read last: many servers never answer 304
    polled_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    next_poll_at = models.DateTimeField(null=True)  # null: never
    failures = models.PositiveIntegerField(default=0)  # in a row
    error = models.CharField(max_length=500, blank=True)  # of the last try; empty where it went well
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)
    is_example = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(removed_at=None) | Q(next_poll_at=None), name="source_removed_is_silent")]
        indexes = [models.Index(fields=["next_poll_at"], name="source_due", condition=Q(next_poll_at__isnull=False))]

    def __str__(self) -> str:
        return self.name


class WebhookSecret(models.Model):
    """What a source's sender signs with. It is derived from the portal's own secret and this salt, and so stored nowhere, in no form.
    Several are in force while one takes another's place."""

    source = models.ForeignKey(CalendarSource, models.PROTECT, related_name="secrets")
    salt = models.CharField(max_length=32)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"secret {self.pk} of {self.source_id}"


class HeardWebhook(models.Model):
    """A webhook that was taken: its id is remembered, so that a try after the first changes nothing."""

    source = models.ForeignKey(CalendarSource, models.CASCADE, related_name="heard")
    webhook_id = models.CharField(max_length=255)
    signed_at = models.DateTimeField()  # of the latest try
    heard_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "webhook_id"], name="webhook_heard_once")]
        indexes = [models.Index(fields=["source", "heard_at"], name="webhook_by_time")]

    def __str__(self) -> str:
        return self.webhook_id


class ExternalWindow(models.Model):
    """One occurrence of what a provider announced. Read-only for people; it changes only when the provider says so."""

    provider = models.CharField(max_length=120)  # lower case
    uid = models.CharField(max_length=500)
    occurrence = models.CharField(max_length=40, blank=True)  # RECURRENCE-ID in UTC, such as 20270328T010000Z; empty: not a series
    sequence = models.IntegerField(default=-1)  # -1: the provider says none
    stamped_at = models.DateTimeField(null=True)  # DTSTAMP: decides between equal sequences
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in NoticeStatus])
    stood_as = models.CharField(max_length=12, blank=True, db_default="")  # its status before we called it off because it was missing
    impact = models.CharField(max_length=20, choices=[(i.value, i.value) for i in Impact], default=Impact.UNKNOWN.value)
    title = models.CharField(max_length=500)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    account = models.CharField(max_length=200, blank=True)
    references = models.JSONField(default=list)  # the provider's maintenance ids
    objects_named = models.JSONField(default=dict)  # circuit, object or resource as written → its impact, "" where none of its own
    link = models.CharField(max_length=1000, blank=True)
    raw = models.TextField(blank=True)
    source = models.ForeignKey(CalendarSource, models.PROTECT, null=True, related_name="windows")
    via = models.CharField(max_length=10, choices=[(v, v) for v in ("poll", "upload", "mail", "api", "webhook")])
    received_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    is_example = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "uid", "occurrence"], name="external_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="external_ends_after_start"),
            models.CheckConstraint(condition=~Q(title__regex=CONTROLS), name="external_title_plain"),
        ]
        indexes = [GistIndex(period(), name="external_period")]

    def __str__(self) -> str:
        return f"{self.provider}: {self.title}"


class ProviderObject(models.Model):
    """A provider's circuit, object or resource is part of this service. Empty environment or region means each one it runs in."""

    provider = models.CharField(max_length=120)  # lower case
    object = models.CharField(max_length=200)  # as the provider writes it; "*" for everything it announces
    service = models.ForeignKey(Service, models.CASCADE, related_name="provider_objects")
    environment = models.CharField(max_length=63, blank=True)
    region = models.CharField(max_length=63, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "object", "service", "environment", "region"], name="provider_object_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.object}: {self.service_id}"


class IncompleteNotice(models.Model):
    """A notice that cannot be taken as it is: kept for a person, with what is missing. A later complete one settles it."""

    provider = models.CharField(max_length=120, blank=True)
    uid = models.CharField(max_length=500, blank=True)
    sequence = models.IntegerField(default=-1)
    title = models.CharField(max_length=500, blank=True)
    missing = models.JSONField()  # property names, and sentences where something is there and wrong
    raw = models.TextField()
    digest = models.CharField(max_length=64, unique=True)  # the same text twice is one notice
    source = models.ForeignKey(CalendarSource, models.PROTECT, null=True, related_name="incomplete")
    via = models.CharField(max_length=10)
    received_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-received_at"], name="notice_open", condition=Q(settled_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.provider} {self.uid}".strip()
