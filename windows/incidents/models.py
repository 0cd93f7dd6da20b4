"""Incidents, complaints, and their links to windows. References are what people say: IN-12, CP-7."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from windows.incidents.states import LinkedBy, Severity, Via
from windows.scheduling.models import Window

VIA = [(via.value, via.value) for via in Via]
BY = [(by.value, by.value) for by in LinkedBy]


class Incident(models.Model):
    """Something went wrong for users. It is open until `ended_at`."""

    title = models.CharField(max_length=200)
    text = models.TextField(blank=True, max_length=4000)
    severity = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Severity])
    service = models.CharField(max_length=63, blank=True)  # slugs, as labels
    environment = models.CharField(max_length=63, blank=True)
    tag = models.CharField(max_length=20, blank=True)  # the window its reporter named
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True, max_length=4000)
    affected_users = models.PositiveBigIntegerField(null=True)  # null: not known
    via = models.CharField(max_length=10, choices=VIA)
    external_ref = models.CharField(max_length=200, null=True, unique=True)
    reported_by = models.CharField(max_length=200)
    reported_by_id = models.BigIntegerField(null=True)
    reported_at = models.DateTimeField(db_default=Now())
    is_example = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="incident_ends_after_start")
        ]
        indexes = [
            models.Index(fields=["started_at"], name="incident_by_start"),
            models.Index(fields=["service", "started_at"], name="incident_by_service"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"IN-{self.pk}"


class IncidentLink(models.Model):
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="links")
    window = models.ForeignKey(Window, models.PROTECT, related_name="incident_links")
    by = models.CharField(max_length=10, choices=BY)
    reason = models.TextField()
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "window"], name="incident_link_once")]

    def __str__(self) -> str:
        return f"{self.incident_id} in {self.window_id}"


class Complaint(models.Model):
    """Somebody complained. `who` is kept as it was given, and is for those who may read complaints only."""

    text = models.TextField(max_length=4000)
    who = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()
    service = models.CharField(max_length=63, blank=True)
    environment = models.CharField(max_length=63, blank=True)
    tag = models.CharField(max_length=20, blank=True)
    via = models.CharField(max_length=10, choices=VIA)
    external_ref = models.CharField(max_length=200, null=True, unique=True)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(db_default=Now())
    is_example = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [models.Index(fields=["received_at"], name="complaint_by_time")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"CP-{self.pk}"


class ComplaintLink(models.Model):
    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="links")
    window = models.ForeignKey(Window, models.PROTECT, related_name="complaint_links")
    by = models.CharField(max_length=10, choices=BY)
    reason = models.TextField()
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["complaint", "window"], name="complaint_link_once")]

    def __str__(self) -> str:
        return f"{self.complaint_id} in {self.window_id}"
