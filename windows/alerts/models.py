"""The ledger: one row a firing, what was said of it since, and the groups in which people are told."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from windows.alerts.states import Action, FactKind


class Alert(models.Model):
    """One firing of one alert, with where it belongs as plain values. What is known of the alert itself never changes but its end."""

    fingerprint = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # null while it fires
    name = models.CharField(max_length=200)
    severity = models.CharField(max_length=500, blank=True)
    service = models.CharField(max_length=500, blank=True)  # as the labels say: it need not be one of ours
    environment = models.CharField(max_length=500, blank=True)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    url = models.CharField(max_length=500, blank=True)
    first_heard_at = models.DateTimeField(db_default=Now())
    last_heard_at = models.DateTimeField(db_default=Now())
    resolved_heard_at = models.DateTimeField(null=True)
    window = models.CharField(max_length=20, blank=True)  # MW-1042; "" for none
    run_id = models.BigIntegerField(null=True)
    step = models.CharField(max_length=120, blank=True)  # under way when it was first heard of
    action = models.CharField(max_length=10, choices=[(a.value, a.value) for a in Action])
    reasons = models.JSONField(default=list)
    is_expected = models.BooleanField(default=False)
    expected_until = models.DateTimeField(null=True)
    withheld = models.CharField(max_length=500, blank=True)  # by which silence
    group = models.CharField(max_length=300)
    told_at = models.DateTimeField(null=True)  # people were told, or there was nobody to tell
    handed_over_at = models.DateTimeField(null=True)  # still firing when its window ended
    is_example = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fingerprint", "starts_at"], name="alert_once"),
            models.CheckConstraint(condition=Q(is_expected=False) | ~Q(window=""), name="alert_expected_in_a_window"),
        ]
        indexes = [
            models.Index(fields=["window", "-id"], condition=~Q(window=""), name="alert_by_window"),
            models.Index(fields=["service", "-id"], name="alert_by_service"),
            models.Index(fields=["group"], condition=Q(told_at__isnull=True), name="alert_to_tell"),
            models.Index(fields=["group"], condition=Q(ends_at__isnull=True), name="alert_firing"),
            models.Index(fields=["expected_until"], condition=Q(ends_at__isnull=True, is_expected=True), name="alert_expected"),
            BrinIndex(fields=["last_heard_at"], name="alert_by_age"),
        ]

    def __str__(self) -> str:
        return self.name


class AlertFact(models.Model):
    """What happened to an alert. Never changed (a trigger refuses it); forgotten with its alert."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="facts")
    kind = models.CharField(max_length=12, choices=[(k.value, k.value) for k in FactKind])
    said = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.alert_id} {self.kind}"


class AlertGroup(models.Model):
    """What is told together: the first of a group at once, those that follow together after a rest."""

    key = models.CharField(max_length=300, unique=True)
    wake_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    messages = models.PositiveIntegerField(default=0)
    episode = models.PositiveIntegerField(default=0, db_default=0)  # counts what pagers show as one incident each
    over = models.PositiveIntegerField(default=0, db_default=0)  # episodes up to this one have been told to be over

    class Meta:
        indexes = [
            models.Index(fields=["wake_at"], condition=Q(wake_at__isnull=False), name="alert_group_due"),
            models.Index(fields=["told_at"], condition=Q(episode__gt=models.F("over")), name="alert_group_open"),
        ]

    def __str__(self) -> str:
        return self.key


class PastWindow(models.Model):
    """A window that has ended, as alerts saw it: what began inside it and is heard of later still belongs to it."""

    window = models.CharField(max_length=20, unique=True)
    run_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    since = models.DateTimeField()
    ended_at = models.DateTimeField()
    scopes = models.JSONField()  # [[service, environment, region], …]
    confidential = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["ended_at"], name="past_window_by_end")]

    def __str__(self) -> str:
        return self.window
